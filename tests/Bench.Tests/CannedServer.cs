using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CodexOrleans.Bench.Tests;

/// <summary>A server that answers every request with the same events.</summary>
internal sealed class CannedServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly byte[] _response;
    private readonly bool _closes;

    /// <param name="closes">Closes each connection after one response, without saying so before.</param>
    public CannedServer(IEnumerable<string> lines, bool closes = false)
    {
        var frames = string.Concat(lines.Select((line, i) => $"id: {i + 1}\ndata: {line}\n\n"));
        _response = Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {Encoding.UTF8.GetByteCount(frames)}\r\n\r\n{frames}");
        _closes = closes;
        _listener.Start();
        _ = Serve();
    }

    public IPEndPoint Endpoint => (IPEndPoint)_listener.LocalEndpoint;

    public int Connections { get; private set; }

    public void Dispose() => _listener.Dispose();

    private async Task Serve()
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptSocketAsync();
                Connections++;
                var request = new byte[4096];
                while (await connection.ReceiveAsync(request) > 0)
                {
                    await connection.SendAsync(_response);
                    if (_closes)
                        break;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
