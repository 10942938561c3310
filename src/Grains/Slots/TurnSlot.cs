namespace CodexOrleans.Grains.Slots;

/// <summary>The slot of one running turn.</summary>
internal sealed class TurnSlot(TurnSlots slots, string user) : IDisposable
{
    private readonly Lock _lock = new();
    private Action<StopReason>? _stop;
    private StopReason? _reason;
    private int _released;

    /// <summary>The user who asked for the turn.</summary>
    public string User => user;

    /// <summary>Sets how the turn with this slot is stopped; a stop that came before is passed on at once.</summary>
    public void Occupy(Action<StopReason> stop)
    {
        lock (_lock)
        {
            _stop = stop;
            if (_reason is null)
                return;
        }

        stop(_reason.Value);
    }

    public void Stop(StopReason reason)
    {
        Action<StopReason>? stop;
        lock (_lock)
        {
            _reason ??= reason;
            stop = _stop;
        }

        stop?.Invoke(reason);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            slots.Release(this);
    }
}
