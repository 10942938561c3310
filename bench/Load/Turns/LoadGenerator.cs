using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using CodexOrleans.Load.Sockets;

namespace CodexOrleans.Load.Turns;

/// <summary>Plays all clients on the calling thread.</summary>
internal sealed unsafe class LoadGenerator : IDisposable
{
    private const int BufferBytes = 512 * 1024;
    private const long NanosecondsPerMillisecond = 1_000_000;

    // So often cancellation is looked for.
    private const long LongestWait = 500 * NanosecondsPerMillisecond;

    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly IPEndPoint _endpoint;
    private readonly LoadClient[] _clients;
    private readonly PriorityQueue<LoadClient, long> _starts = new();
    private readonly Readiness _readiness = new();
    private readonly byte* _buffer = (byte*)NativeMemory.Alloc(BufferBytes);
    private long _lastStart = long.MaxValue;
    private int _unfinished;

    /// <param name="endpoint">Of the clients that name no other; IPv4.</param>
    public LoadGenerator(IPEndPoint endpoint, IEnumerable<ClientPlan> plans)
    {
        _endpoint = endpoint;
        _clients = [.. plans.Select((plan, number) => new LoadClient(plan, number))];
    }

    /// <summary>CPU time that the generator used, in nanoseconds.</summary>
    public long CpuNanoseconds { get; private set; }

    /// <summary>Returns when every client has done its turns.</summary>
    /// <param name="startUntil">No turn is started after this time; null for no limit.</param>
    /// <param name="patience">Longest silence of all connections; what is open then has failed.</param>
    /// <exception cref="OperationCanceledException"/>
    public void Run(TimeSpan? startUntil, TimeSpan patience, CancellationToken cancellationToken)
    {
        var cpu = SystemCalls.ThreadCpuNanoseconds();
        var begin = Stopwatch.GetTimestamp();
        if (startUntil is { } limit)
            _lastStart = begin + Nanoseconds(limit);
        foreach (var client in _clients)
            _starts.Enqueue(client, begin + Nanoseconds(client.Plan.StartAfter));
        _unfinished = _clients.Length;

        var lastNews = begin;
        while (_unfinished > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = Stopwatch.GetTimestamp();
            var wait = Nanoseconds(patience) - (now - lastNews);
            if (_starts.TryPeek(out _, out var due))
            {
                if (due <= now)
                {
                    Next(_starts.Dequeue());
                    lastNews = now;
                    continue;
                }

                wait = due - now;
            }
            else if (wait <= 0)
            {
                GiveUp(patience);
                break;
            }

            wait = Math.Min(wait, LongestWait);
            var ready = _readiness.Wait((int)((wait + NanosecondsPerMillisecond - 1) / NanosecondsPerMillisecond));
            if (ready > 0)
                lastNews = Stopwatch.GetTimestamp();
            for (var i = 0; i < ready; i++)
                Ready(_clients[_readiness.Number(i)]);
        }

        CpuNanoseconds = SystemCalls.ThreadCpuNanoseconds() - cpu;
    }

    public void Dispose()
    {
        foreach (var client in _clients)
            client.Dispose();
        _readiness.Dispose();
        NativeMemory.Free(_buffer);
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>Starts the client's next turn, or ends the client.</summary>
    private void Next(LoadClient client)
    {
        if (client.TurnsStarted >= client.Plan.Turns || Stopwatch.GetTimestamp() > _lastStart)
        {
            client.Disconnect();
            _unfinished--;
            return;
        }

        client.TurnsStarted++;
        Ask(client);
    }

    private void Ask(LoadClient client)
    {
        try
        {
            if (client.Connection is null)
            {
                client.Connection = TcpConnection.Open(client.Plan.Endpoint ?? _endpoint);
                _readiness.Add(client.Connection.Socket, client.Number, writable: !client.Connection.Connected);
            }
        }
        catch (IOException e)
        {
            client.Begin();
            Fail(client, e.Message);
            return;
        }

        client.Begin();
        if (client.Connection.Connected)
            Send(client);
    }

    private void Send(LoadClient client)
    {
        var connection = client.Connection!;
        while (client.SentBytes < client.Plan.Request.Length)
        {
            switch (connection.Send(client.Plan.Request.AsSpan(client.SentBytes), out var sent))
            {
                case Transfer.Done:
                    client.SentBytes += sent;
                    break;
                case Transfer.WouldBlock:
                    _readiness.Change(connection.Socket, client.Number, writable: true);
                    return;
                default:
                    Closed(client);
                    return;
            }
        }
    }

    private void Ready(LoadClient client)
    {
        if (client.Connection is not { } connection)
            return;
        if (!connection.Connected || (client.Waiting && client.SentBytes < client.Plan.Request.Length))
        {
            if (!connection.Connected)
            {
                connection.Connected = true;
                // The turn begins when it is asked for, not when the connection was.
                client.Begin();
            }

            _readiness.Change(connection.Socket, client.Number, writable: false);
            Send(client);
            return;
        }

        var transfer = connection.Receive(_buffer, BufferBytes, out var received);
        var at = Stopwatch.GetTimestamp();
        if (transfer == Transfer.WouldBlock)
            return;
        if (transfer == Transfer.Closed)
        {
            Closed(client);
            return;
        }

        if (!client.Waiting)
        {
            // Between two turns nothing may come.
            client.Disconnect();
            return;
        }

        try
        {
            client.Received(new ReadOnlySpan<byte>(_buffer, received), at);
        }
        catch (FormatException e)
        {
            Fail(client, e.Message);
            return;
        }

        if (client.Ended)
            Finish(client);
    }

    private void Closed(LoadClient client)
    {
        var error = client.Connection!.Error;
        if (!client.Waiting)
        {
            client.Disconnect();
        }
        else if (client.Reused && client.Untouched)
        {
            // The server closed the idle connection while the request was on its way.
            client.Disconnect();
            client.Plan.Result.Reconnects++;
            Ask(client);
        }
        else if (client.Closed())
        {
            Finish(client);
        }
        else
        {
            Fail(client, error == 0 ? "The server closed the connection before the response was complete." : $"The connection broke with errno {error}.");
        }
    }

    private void Finish(LoadClient client)
    {
        var succeeded = client.Finish(problem: null);
        if (client.KeepAlive && client.Plan.Kind != RequestKind.Follow)
            client.Reused = true;
        else
            client.Disconnect();
        var pause = succeeded ? client.Plan.Pause : _pauseAfterFailure;
        if (pause > TimeSpan.Zero)
            _starts.Enqueue(client, Stopwatch.GetTimestamp() + Nanoseconds(pause));
        else
            Next(client);
    }

    private void Fail(LoadClient client, string problem)
    {
        client.Finish(problem);
        client.Disconnect();
        _starts.Enqueue(client, Stopwatch.GetTimestamp() + Nanoseconds(_pauseAfterFailure));
    }

    private void GiveUp(TimeSpan patience)
    {
        foreach (var client in _clients.Where(client => client.Waiting))
        {
            client.Finish($"Nothing came for {patience.TotalSeconds:0} s; the turn was given up.");
            client.Disconnect();
        }
    }
}
