using CodexOrleans.Grains.Codex;

namespace CodexOrleans.Grains.Slots;

/// <summary>One turn's place among the running ones.</summary>
internal sealed class TurnSlot(TurnSlots slots, string user) : IDisposable
{
    private readonly Lock _lock = new();
    private ICodexTurn? _turn;
    private StopReason? _stop;
    private int _released;

    /// <summary>Whose turn it is.</summary>
    public string User => user;

    /// <summary>Names the turn that runs in this slot, so that the host can stop it; a stop that came before is passed on.</summary>
    public void Run(ICodexTurn turn)
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

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            slots.Release(this);
    }
}
