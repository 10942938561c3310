using System.Diagnostics;
using System.Globalization;
using CodexOrleans.Load.Measures;
using Npgsql;

namespace CodexOrleans.Load.Servers;

/// <summary>A PostgreSQL server of this machine's programs with its data in a temporary folder. It flushes every commit, as it does unless told otherwise.</summary>
internal sealed class PostgresProcess : IAsyncDisposable
{
    private const string User = "codex";
    private const string StatementsLibrary = "pg_stat_statements";

    // Ends the server when its own input ends, however this process dies; PostgreSQL refuses to run as root.
    private const string Keeper =
        """
        set -e
        trap '' INT
        bin=$1 port=$2
        shift 2
        folder=$(mktemp -d /tmp/codex-orleans-bench-postgres-XXXXXX)
        "$bin/initdb" -D "$folder/data" -U codex -A trust -E UTF8 --no-locale --no-sync >"$folder/log" 2>&1 || { cat "$folder/log" >&2; rm -rf "$folder"; exit 1; }
        setsid "$bin/postgres" -D "$folder/data" -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=300 -c shared_buffers=256MB -c max_wal_size=4GB "$@" >>"$folder/log" 2>&1 </dev/null &
        server=$!
        echo "$server"
        read -r end || true
        kill -INT "$server" 2>/dev/null || true
        wait
        rm -rf "$folder"
        """;

    private static readonly TimeSpan _startPatience = TimeSpan.FromSeconds(60);

    private readonly Process _keeper;
    private readonly int _port;

    private PostgresProcess(Process keeper, int id, int port)
    {
        _keeper = keeper;
        Id = id;
        _port = port;
    }

    /// <summary>Of the server's main process; all others are its children.</summary>
    public int Id { get; }

    /// <param name="countStatements">Load the module that counts statements, which costs a little with each.</param>
    /// <exception cref="InvalidOperationException">It cannot be started.</exception>
    public static async Task<PostgresProcess> Start(bool countStatements, CancellationToken cancellationToken)
    {
        var programs = FindPrograms() ?? throw new InvalidOperationException("No PostgreSQL server was found. Install one (apt install postgresql).");
        var port = ServerProcess.FreeEndpoint().Port;
        string[] user = Environment.UserName == "root" ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];
        string[] settings = countStatements ? ["-c", $"shared_preload_libraries={StatementsLibrary}"] : [];
        string[] command = [.. user, "/bin/sh", "-c", Keeper, "keeper", programs, $"{port}", .. settings];
        var keeper = Process.Start(new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = "/", RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var said = await keeper.StandardOutput.ReadLineAsync(cancellationToken);
        if (!int.TryParse(said, CultureInfo.InvariantCulture, out var id))
            throw new InvalidOperationException($"No database can be made with the programs in '{programs}'; the message stands above.");
        var postgres = new PostgresProcess(keeper, id, port);
        try
        {
            await postgres.Ready(cancellationToken);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={_port};Username={User};Database={database}";

    /// <summary>A connection of the measurement's own; its database is not the nodes', so that it does not count with theirs.</summary>
    public async Task<NpgsqlConnection> Connect(CancellationToken cancellationToken, string database = "postgres")
    {
        var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task CreateDatabase(string name, CancellationToken cancellationToken)
    {
        await using var connection = await Connect(cancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE \"{name}\"", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>CPU nanoseconds of all its processes that live.</summary>
    public long CpuNanoseconds() => Processes().Sum(process => ProcFile.ThreadNanoseconds(process).Values.Sum());

    /// <summary>The main process and those that it has started.</summary>
    public IReadOnlyList<int> Processes()
    {
        var tree = new List<int> { Id };
        ProcFile.Descendants(Id, tree);
        return tree;
    }

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
    }

    private async Task Ready(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await Connect(cancellationToken);
                return;
            }
            catch (NpgsqlException e)
            {
                if (Stopwatch.GetElapsedTime(begin) > _startPatience)
                    throw new InvalidOperationException($"PostgreSQL was not ready after {_startPatience.TotalSeconds:0} s.", e);
            }

            await Task.Delay(50, cancellationToken);
        }
    }

    private static string? FindPrograms()
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian)
            ? Directory.EnumerateDirectories(Debian).OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0).Select(folder => Path.Combine(folder, "bin"))
            : [];
        return versions.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }
}
