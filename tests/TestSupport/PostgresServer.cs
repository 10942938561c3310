using System.Diagnostics;
using System.Runtime.InteropServices;
using Npgsql;

namespace CodexOrleans.TestSupport;

/// <summary>A real PostgreSQL server of this machine's programs, with its data in a temporary folder; it ends with this process.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "codex";

    // xunit turns an exception whose message starts so into a skip.
    private const string SkipMarker = "$XunitDynamicSkip$";

    // Ends the server when its own standard input ends, so that no test run leaves one behind, however it dies.
    private const string Keeper =
        """
        set -e
        bin=$1 port=$2
        folder=$(mktemp -d /tmp/codex-orleans-postgres-XXXXXX)
        "$bin/initdb" -D "$folder/data" -U codex -A trust -E UTF8 --no-locale --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
        echo "$folder"
        serve() {
          "$bin/postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=64MB >>"$folder/log" 2>&1 </dev/null
        }
        # The memory of one that was killed may be gone a moment later than its processes; exit status 1 says that it could not start.
        while read -r command; do
          { for attempt in 1 2 3 4 5 6 7 8 9 10; do serve && break || [ $? = 1 ] || break; sleep 0.2; done; } &
        done
        kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
        wait
        rm -rf "$folder"
        """;

    private static readonly Lazy<Task<PostgresServer>> _shared = new(Start);

    private readonly Process _keeper;
    private readonly string _programs;
    private readonly string _folder;
    private readonly int _port;
    private int _databases;

    private PostgresServer(Process keeper, string programs, string folder, int port)
    {
        _keeper = keeper;
        _programs = programs;
        _folder = folder;
        _port = port;
    }

    /// <summary>The one of this process, for tests that do it no harm: each makes a database of its own.</summary>
    public static Task<PostgresServer> Shared => _shared.Value;

    /// <summary>Those that live, by their folder: each takes a name that says what it does.</summary>
    private List<Process> Processes =>
        [.. Process.GetProcesses().Where(process => StateOf(process.Id) is not ('X' or 'Z') && WorksIn(process.Id, Path.Combine(_folder, "data")))];

    private static string[] UnprivilegedShell =>
        Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"] : ["sh"];

    /// <summary>Starts a server, or skips the calling test with a word on what to install; fails where <c>CI</c> is set.</summary>
    public static async Task<PostgresServer> Start()
    {
        if (FindPrograms() is not { } programs)
        {
            var required = Environment.GetEnvironmentVariable("CI") is "true" or "1";
            throw new InvalidOperationException(
                (required ? "" : SkipMarker) + "No PostgreSQL server was found. Install one (Debian: apt-get install postgresql) to test the cluster's storage.");
        }

        var port = FreePorts.Next();
        string[] command = [.. UnprivilegedShell, "-c", Keeper, "keeper", programs, $"{port}"];
        var keeper = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var folder = await keeper.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"initdb of '{programs}' failed.");
        var server = new PostgresServer(keeper, programs, folder, port);
        await server.Restart();
        return server;
    }

    /// <summary>Path of one of the server's own programs, such as <c>pg_dump</c>.</summary>
    public static string Program(string name) => Path.Combine(FindPrograms() ?? throw new InvalidOperationException("No PostgreSQL server was found."), name);

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabase()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    /// <summary>A database as SQL that makes it anew.</summary>
    /// <param name="database">Its connection string.</param>
    public async Task<string> Dump(string database)
    {
        var name = new NpgsqlConnectionStringBuilder(database).Database!;
        string[] arguments = ["--host=127.0.0.1", $"--port={_port}", $"--username={User}", "--inserts", "--no-owner", name];
        using var dump = Process.Start(new ProcessStartInfo(Path.Combine(_programs, "pg_dump"), arguments) { RedirectStandardOutput = true })!;
        var sql = await dump.StandardOutput.ReadToEndAsync();
        await dump.WaitForExitAsync();
        if (dump.ExitCode != 0)
            throw new InvalidOperationException($"pg_dump ended with exit code {dump.ExitCode}.");
        // Lines with a backslash are for psql and nobody else.
        return string.Join('\n', sql.Split('\n').Where(line => !line.StartsWith('\\')));
    }

    /// <summary>kill -9 of the server and every process that serves a connection.</summary>
    public async Task Kill()
    {
        EnsureOwn();
        // The main process first, and again until none is left: it may just be starting another one.
        var main = int.Parse((await File.ReadAllLinesAsync(Path.Combine(_folder, "data", "postmaster.pid")))[0]);
        Process.GetProcessById(main).Kill();
        await Condition.Becomes(() =>
        {
            var living = Processes;
            living.ForEach(process => process.Kill());
            return living.Count == 0;
        });
    }

    /// <summary>SIGSTOP of the server and every process that serves a connection: whoever asks hears nothing until <see cref="Resume"/>.</summary>
    public Task Freeze()
    {
        EnsureOwn();
        return Condition.Becomes(() =>
        {
            // Again until none runs: the main process may just be starting another one.
            var running = Processes.Where(process => StateOf(process.Id) is not 'T').ToList();
            running.ForEach(process => Send(process, 19));
            return running.Count == 0;
        });
    }

    /// <summary>SIGCONT.</summary>
    public void Resume() => Processes.ForEach(process => Send(process, 18));

    /// <summary>Starts the server again on its data; returns when it answers.</summary>
    public async Task Restart()
    {
        await _keeper.StandardInput.WriteLineAsync("start");
        await _keeper.StandardInput.FlushAsync();
        try
        {
            await Condition.Becomes(Answers);
        }
        catch (TimeoutException e)
        {
            throw new InvalidOperationException($"PostgreSQL does not start:\n{await File.ReadAllTextAsync(Path.Combine(_folder, "log"))}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
    }

    private void EnsureOwn()
    {
        if (_shared is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } && _shared.Value.Result == this)
            throw new InvalidOperationException("Other tests use this server. Start one that may be harmed.");
    }

    private async Task<bool> Answers()
    {
        try
        {
            await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Username={User};Database={database}";

    private static bool WorksIn(int process, string folder)
    {
        try
        {
            return new FileInfo($"/proc/{process}/cwd").LinkTarget == folder;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>As ps tells it: X also of one that is gone, Z of one whose end nobody has taken note of yet.</summary>
    private static char StateOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return 'X';
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int KillSystemCall(int pid, int signal);

    private static void Send(Process process, int signal)
    {
        if (KillSystemCall(process.Id, signal) != 0 && StateOf(process.Id) is not ('X' or 'Z'))
            throw new InvalidOperationException($"Signal {signal} to {process.Id} failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    private static string? FindPrograms()
    {
        const string Debian = "/usr/lib/postgresql";
        var folders = Directory.Exists(Debian)
            ? Directory.EnumerateDirectories(Debian).OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0).Select(folder => Path.Combine(folder, "bin"))
            : [];
        return folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }
}
