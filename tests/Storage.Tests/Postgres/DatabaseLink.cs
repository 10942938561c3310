using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>The network between a store and its database, as a test wants it.</summary>
internal sealed class DatabaseLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly List<Socket> _sockets = [];
    private readonly int _server;
    private readonly Task _accepting;
    private volatile bool _answersPass = true;
    private volatile bool _cut;

    /// <param name="database">Connection string of the database itself.</param>
    public DatabaseLink(string database)
    {
        var settings = new NpgsqlConnectionStringBuilder(database);
        _server = settings.Port;
        _listener.Start();
        settings.Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        ConnectionString = settings.ConnectionString;
        _accepting = Accept();
    }

    /// <summary>Leads to the database over this link.</summary>
    public string ConnectionString { get; }

    /// <summary>From now on what the server says is lost, while what it is told still arrives.</summary>
    public void LoseAnswers() => _answersPass = false;

    /// <summary>Ends all connections, and each new one at once.</summary>
    public void Cut()
    {
        _cut = true;
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
            _sockets.Clear();
        }
    }

    /// <summary>New connections work again.</summary>
    public void Mend() => (_answersPass, _cut) = (true, false);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Cut();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }

    private async Task Accept()
    {
        var relays = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_end.Token);
                if (_cut)
                    client.Dispose();
                else
                    relays.Add(Relay(client));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(relays);
        }
    }

    private async Task Relay(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            lock (_sockets)
                _sockets.AddRange([client, server]);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _server);
                await await Task.WhenAny(Copy(client, server, () => true), Copy(server, client, () => _answersPass));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // One of both has gone, or the link was cut.
            }
        }
    }

    private static async Task Copy(Socket from, Socket to, Func<bool> passes)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer) is > 0 and var count)
        {
            for (var sent = 0; passes() && sent < count;)
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
        }
    }
}
