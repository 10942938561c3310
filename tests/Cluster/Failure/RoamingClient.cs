using System.Diagnostics;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.Cluster.Failure;

/// <summary>
/// A client behind a balancer: it starts a turn at a random node and follows it to the end. When its connection breaks, ends too early or
/// falls silent, it goes on at another random node with <c>Last-Event-ID</c>; also without need, soon after the start, so that most watch
/// from elsewhere than where the turn runs.
/// </summary>
/// <param name="entries">Names of the nodes that the balancer knows.</param>
/// <param name="patience">How long a connection may be silent, although the turn says something all the time, before the client gives it up.</param>
public sealed class RoamingClient(Nodes nodes, IReadOnlyList<string> entries, TimeSpan patience, Random random, CancellationToken cancellationToken)
{

    // The pause of a client that was refused, not a wait for anything.
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private long _last;
    private bool _following;

    public Guid Thread { get; private set; }

    public Guid Turn { get; private set; }

    /// <summary>Everything it got, over all of its connections.</summary>
    public EventTape Tape { get; } = new();

    /// <summary>How often it had to connect again.</summary>
    public int Reconnects { get; private set; }

    /// <summary>How often it gave up a stream because it was silent.</summary>
    public int Silences { get; private set; }

    /// <summary>Longest time between two events of one connection.</summary>
    public TimeSpan LongestPause { get; private set; }

    /// <summary>Longest time between the last event of one connection and the first of the next.</summary>
    public TimeSpan LongestBreak { get; private set; }

    private bool Ended => Tape.Events is [.., { IsTerminal: true }];

    /// <summary>Plays a turn to its end.</summary>
    public async Task Run(string prompt)
    {
        while (!Ended)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await Connect(prompt);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or KeyNotFoundException
                || e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // Refused, cut off, silent, or a node that is just being started again.
                if (e is OperationCanceledException && _following)
                    Silences++;
                await Task.Delay(_pause, cancellationToken);
            }

            if (Thread != default && !Ended)
                Reconnects++;
        }
    }

    private async Task Connect(string prompt)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(patience);
        _following = false;
        using var api = nodes.Connect(entries[random.Next(entries.Count)], silence.Token);
        await using var stream = Thread == default ? await api.Stream(new { prompt }, Tape) : await api.Follow(Thread, Tape);
        var moves = Thread == default && random.Next(4) > 0 ? random.Next(1, 8) : long.MaxValue;
        if (Thread == default)
            (Thread, Turn) = (stream.ThreadId, stream.TurnId);
        _following = true;
        for (var first = true; !Ended && Tape.LastSeq < moves && await stream.Next() is { } frame;)
        {
            silence.CancelAfter(patience);
            if (frame.Type == "cursor_expired")
                throw new BrokenPromiseException($"Thread {Thread}: the client has event {Tape.LastSeq}, and the log does not: {frame}.");
            if (frame.Seq is null)
                continue;
            Measure(first);
            first = false;
        }

        // A break of its own making is not the cluster's.
        if (Tape.LastSeq == moves)
            _last = 0;
    }

    private void Measure(bool first)
    {
        var now = Stopwatch.GetTimestamp();
        if (_last != 0)
        {
            var pause = Stopwatch.GetElapsedTime(_last, now);
            if (first)
                LongestBreak = pause > LongestBreak ? pause : LongestBreak;
            else
                LongestPause = pause > LongestPause ? pause : LongestPause;
        }

        _last = now;
    }
}
