using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CodexOrleans.Load.Commands;
using CodexOrleans.Load.Sockets;

namespace CodexOrleans.Load.Servers;

/// <summary>A server under test, in a process of its own. Ended when disposed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int LinesKept = 60;
    private const int Terminate = 15;
    private static readonly TimeSpan _startPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _endPatience = TimeSpan.FromSeconds(30);
    private static readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly Queue<string> _said = new();

    private ServerProcess(string name, Process process, IPEndPoint endpoint)
    {
        Name = name;
        _process = process;
        Endpoint = endpoint;
    }

    public string Name { get; }

    public IPEndPoint Endpoint { get; }

    public int Id => _process.Id;

    public LoadTarget Target => new(Name, Endpoint, Id, Token: null);

    /// <summary>Starts the server on a free port and waits until it answers <c>GET /health</c>.</summary>
    /// <param name="describe">Given the port, how to start it.</param>
    public static async Task<ServerProcess> Start(string name, Func<int, ProcessStartInfo> describe, CancellationToken cancellationToken)
    {
        var endpoint = FreeEndpoint();
        var start = describe(endpoint.Port);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var server = new ServerProcess(name, new Process { StartInfo = start }, endpoint);
        server._process.OutputDataReceived += (_, line) => server.Keep(line.Data);
        server._process.ErrorDataReceived += (_, line) => server.Keep(line.Data);
        try
        {
            server._process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException($"The server {name} cannot be started with '{start.FileName}': {e.Message}", e);
        }

        server._process.StandardInput.Close();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        try
        {
            await server.Ready(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="InvalidOperationException">The server has ended.</exception>
    public void ThrowIfEnded()
    {
        if (_process.HasExited)
            throw new InvalidOperationException($"The server {Name} ended with status {_process.ExitCode}. It said:\n{Said}");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
            {
                _ = SystemCalls.Kill(_process.Id, Terminate);
                await _process.WaitForExitAsync().WaitAsync(_endPatience);
            }
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    /// <summary>An address of this machine on which nothing listens.</summary>
    public static IPEndPoint FreeEndpoint()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    private string Said
    {
        get
        {
            lock (_said)
                return string.Join('\n', _said);
        }
    }

    private async Task Ready(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            ThrowIfEnded();
            try
            {
                using var response = await _http.GetAsync($"http://{Endpoint}/health", cancellationToken);
                if (response.IsSuccessStatusCode)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // It does not listen yet.
            }

            if (Stopwatch.GetElapsedTime(begin) > _startPatience)
                throw new InvalidOperationException($"The server {Name} was not ready after {_startPatience.TotalSeconds:0} s. It said:\n{Said}");
            await Task.Delay(50, cancellationToken);
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > LinesKept)
                _said.Dequeue();
        }
    }
}
