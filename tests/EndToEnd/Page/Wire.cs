using System.Net;
using System.Net.Sockets;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>The way between a browser and the server, which a test can cut and mend.</summary>
public sealed class Wire : IAsyncDisposable
{
    private readonly Uri _server;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<Socket> _open = [];
    private readonly Task _accepting;
    private bool _cut;

    public Wire(Uri server)
    {
        _server = server;
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = Accept();
    }

    /// <summary>What the browser takes for the server.</summary>
    public Uri Address { get; }

    /// <summary>Breaks every connection, and each new one until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        lock (_open)
        {
            _cut = true;
            foreach (var socket in _open)
                Reset(socket);
            _open.Clear();
        }
    }

    public void Mend()
    {
        lock (_open)
            _cut = false;
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
    }

    private async Task Accept()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
                relays.Add(Relay(await _listener.AcceptSocketAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was stopped.
        }

        await Task.WhenAll(relays);
    }

    private async Task Relay(Socket browser)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (browser)
        {
            if (!Keep(browser, server))
                return;
            try
            {
                await server.ConnectAsync(_server.Host, _server.Port);
                await Task.WhenAny(Pump(browser, server), Pump(server, browser));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Cut, or ended by one side: the other side is told by the end of this connection.
            }
        }
    }

    private bool Keep(Socket browser, Socket server)
    {
        lock (_open)
        {
            if (_cut)
                Reset(browser);
            else
                _open.AddRange([browser, server]);
            return !_cut;
        }
    }

    private static async Task Pump(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
                await to.SendAsync(buffer.AsMemory(0, read));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // As in Relay.
        }
    }

    private static void Reset(Socket socket) => socket.Close(timeout: 0);
}
