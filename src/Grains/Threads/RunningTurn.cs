using CodexOrleans.Codex.Engines;
using CodexOrleans.Grains.Slots;

namespace CodexOrleans.Grains.Threads;

/// <summary>A turn from its slot to the end of what it has started.</summary>
internal sealed class RunningTurn
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _accepted = new();
    private readonly TurnSlot _slot;
    private ICodexTurn? _turn;
    private StopReason? _stop;

    /// <param name="id">UUIDv7.</param>
    /// <param name="firstSeq">Number of its first event.</param>
    /// <param name="slot">Given back when the turn leaves.</param>
    public RunningTurn(Guid id, long firstSeq, TurnSlot slot, TurnTelemetry telemetry)
    {
        Id = id;
        FirstSeq = firstSeq;
        Telemetry = telemetry;
        _slot = slot;
        slot.Occupy(Stop);
    }

    public Guid Id { get; }

    public long FirstSeq { get; }

    public TurnTelemetry Telemetry { get; }

    /// <summary>Completes when the turn is on disk.</summary>
    public Task Accepted => _accepted.Task;

    /// <summary>The thread's own folder, if the turn works there.</summary>
    public (string Path, bool IsRepository)? OwnFolder { get; set; }

    /// <summary>
    /// Completes when the next turn may continue what this one has left behind; set when the turn's terminal event is on disk.
    /// </summary>
    public Task? Left { get; set; }

    /// <summary>The turn is on disk: its prompt may be given to the CLI.</summary>
    public void Accept() => _accepted.SetResult();

    /// <summary>Names the engine's turn; a stop that came before is passed on.</summary>
    public void Attach(ICodexTurn turn)
    {
        StopReason? stop;
        lock (_lock)
        {
            _turn = turn;
            stop = _stop;
        }

        if (stop is { } reason)
            turn.Stop(reason);
    }

    /// <summary>Stops it, whether the engine has begun it or not.</summary>
    public void Stop(StopReason reason)
    {
        ICodexTurn? turn;
        lock (_lock)
        {
            _stop ??= reason;
            turn = _turn;
        }

        turn?.Stop(reason);
    }

    /// <summary>Gives its slot back.</summary>
    public void Leave() => _slot.Dispose();
}
