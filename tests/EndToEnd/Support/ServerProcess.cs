using System.Diagnostics;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>
/// The real server as a process of its own, on a free loopback port. Its folder outlives it, so that a test can kill it and start
/// another one on the same data.
/// </summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private const string WebFront = "WebFront", Silo = "Silo";

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process, string dataDirectory)
    {
        _process = process;
        DataDirectory = dataDirectory;
    }

    public string DataDirectory { get; }

    public int Id => _process.Id;

    public Uri Address => _address.Task.Result;

    /// <summary>Everything the server has printed so far, stdout and stderr.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    public int ExitCode => _process.ExitCode;

    public bool HasExited => _process.HasExited;

    /// <summary>The bearer token the server made, read from its 0600 file.</summary>
    public string Token => File.ReadAllText(Path.Combine(DataDirectory, "token")).Trim();

    private static string Executable(string program)
    {
        // Tests and server are built in the same configuration: .../artifacts/bin/EndToEnd/<configuration>/
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(Repository.Root, "artifacts", "bin", program, configuration, $"CodexOrleans.{program}");
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="dataDirectory">Its data; the caller's to delete.</param>
    /// <param name="settings">Configuration keys (<c>Codex:Home</c>) and values.</param>
    public static async Task<ServerProcess> Start(string dataDirectory, IEnumerable<KeyValuePair<string, string>>? settings = null, params string[] arguments)
    {
        var server = Launch(WebFront, dataDirectory, settings, ["--urls=http://127.0.0.1:0", .. arguments]);
        await server.Comes(server._address.Task);
        return server;
    }

    /// <summary>Starts a silo without a front end and waits until it is a member of its cluster.</summary>
    public static async Task<ServerProcess> StartSilo(string dataDirectory, IEnumerable<KeyValuePair<string, string>> settings)
    {
        var server = Launch(Silo, dataDirectory, settings, []);
        await server.Comes(server.Said("is a member of cluster"));
        return server;
    }

    /// <summary>Starts a server that is expected to end by itself.</summary>
    /// <returns>The server, ended.</returns>
    public static async Task<ServerProcess> RunToExit(string dataDirectory, IEnumerable<KeyValuePair<string, string>>? settings = null, params string[] arguments)
    {
        var server = Launch(WebFront, dataDirectory, settings, ["--urls=http://127.0.0.1:0", .. arguments]);
        await server.Exited();
        return server;
    }

    /// <summary>Starts a silo without a front end that is expected to end by itself.</summary>
    /// <returns>The silo, ended.</returns>
    public static async Task<ServerProcess> RunSiloToExit(string dataDirectory, IEnumerable<KeyValuePair<string, string>> settings, params string[] arguments)
    {
        var server = Launch(Silo, dataDirectory, settings, arguments);
        await server.Exited();
        return server;
    }

    /// <summary>A client with the server's token.</summary>
    /// <param name="token">The token, if it was given to the server; else it is read from the server's file.</param>
    public HttpClient CreateClient(string? token = null)
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token ?? Token);
        return client;
    }

    /// <summary>kill -9, and only of the server itself: what it started must not depend on our mercy.</summary>
    public async Task Kill()
    {
        _process.Kill(entireProcessTree: false);
        await Exited();
    }

    /// <summary>SIGTERM, without waiting.</summary>
    public void Terminate() => Send(15);

    /// <summary>SIGSTOP: the process does nothing until <see cref="Resume"/>, and knows nothing of it.</summary>
    public void Freeze() => Send(19);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Send(18);

    /// <summary>Completes when the server has printed this, or had before.</summary>
    public Task Said(string text)
    {
        lock (_output)
        {
            if (_output.ToString().Contains(text, StringComparison.Ordinal))
                return Task.CompletedTask;
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((text, seen));
            return seen.Task.WaitAsync(_patience);
        }
    }

    public Task Exited() => _process.WaitForExitAsync().WaitAsync(_patience);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Terminate();
            try
            {
                await Exited();
            }
            catch (TimeoutException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync();
            }
        }

        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int KillSystemCall(int pid, int signal);

    private void Send(int signal)
    {
        // One that has just ended by itself is what most signals are sent for.
        if (KillSystemCall(_process.Id, signal) != 0 && !_process.HasExited)
            throw new InvalidOperationException($"Signal {signal} to {_process.Id} failed with errno {Marshal.GetLastPInvokeError()}.");
    }

    private async Task Comes(Task awaited)
    {
        var first = await Task.WhenAny(awaited, _process.WaitForExitAsync()).WaitAsync(_patience);
        if (first == awaited)
            return;
        await _process.WaitForExitAsync();
        throw new InvalidOperationException($"The server ended with exit code {ExitCode} before it was up:\n{Output}");
    }

    private static ServerProcess Launch(string program, string dataDirectory, IEnumerable<KeyValuePair<string, string>>? settings, string[] arguments)
    {
        var start = new ProcessStartInfo(Executable(program))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            // Nothing may depend on where an operator happens to stand.
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add($"--DataDirectory={dataDirectory}");
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (key, value) in settings ?? [])
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;

        var server = new ServerProcess(new Process { StartInfo = start }, dataDirectory);
        server._process.OutputDataReceived += (_, line) => server.Observe(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Observe(line.Data);
        server._process.Start();
        server._process.StandardInput.Close();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    private void Observe(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            _output.AppendLine(line);
            foreach (var (text, seen) in _awaited)
            {
                if (line.Contains(text, StringComparison.Ordinal))
                    seen.TrySetResult();
            }
        }

        // The banner names the address, as the front part of the sign-in link.
        var start = line.IndexOf("http://127.0.0.1:", StringComparison.Ordinal);
        if (start < 0)
            return;
        var link = line[start..].Split(' ', 2)[0];
        if (Uri.TryCreate(link, UriKind.Absolute, out var uri) && uri.Port > 0)
            _address.TrySetResult(new Uri(uri.GetLeftPart(UriPartial.Authority)));
    }
}
