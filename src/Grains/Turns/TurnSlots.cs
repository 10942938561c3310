using System.Threading.RateLimiting;
using CodexOrleans.Grains.Codex;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// The turns that may run at once on this silo. Waiters are served in the order they came; the wait and the queue are bounded.
/// </summary>
public sealed class TurnSlots : IDisposable
{
    private readonly ConcurrencyLimiter _limiter;
    private readonly TimeSpan _maxWait;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly HashSet<TurnSlot> _taken = [];
    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource? _idle;

    public TurnSlots(IOptions<CodexOptions> options, TimeProvider time)
    {
        _time = time;
        _maxWait = options.Value.MaxQueueWait;
        Limit = options.Value.MaxConcurrentTurns > 0 ? options.Value.MaxConcurrentTurns : DefaultLimit();
        _limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = Limit,
            QueueLimit = options.Value.MaxQueueLength,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
    }

    /// <summary>How many turns may run at once.</summary>
    public int Limit { get; }

    /// <summary>True once the host is shutting down: no further slot is given.</summary>
    public bool Closed => _closing.IsCancellationRequested;

    /// <summary>Turns that hold a slot now.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
                return _taken.Count;
        }
    }

    /// <summary>Turns that wait for a slot now.</summary>
    public long Waiting => _limiter.GetStatistics()?.CurrentQueuedCount ?? 0;

    /// <summary>Waits for a slot, at most <see cref="CodexOptions.MaxQueueWait"/>.</summary>
    /// <returns>The slot, to be disposed when the turn's processes are gone; null when none became free or the host is closing.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    internal async ValueTask<TurnSlot?> Acquire(CancellationToken cancellationToken)
    {
        if (Closed)
            return null;
        var lease = _limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            lease.Dispose();
            using var timeout = new CancellationTokenSource(_maxWait, _time);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token, _closing.Token);
            try
            {
                lease = await _limiter.AcquireAsync(1, wait.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        if (!lease.IsAcquired)
        {
            lease.Dispose();
            return null;
        }

        var slot = new TurnSlot(this, lease);
        lock (_lock)
        {
            if (!Closed)
            {
                _taken.Add(slot);
                return slot;
            }
        }

        lease.Dispose();
        return null;
    }

    /// <summary>Gives no further slot, and lets the waiting ones go without.</summary>
    public void Close()
    {
        lock (_lock)
            _closing.Cancel();
    }

    /// <summary>Completes when no turn holds a slot. Meaningful once closed.</summary>
    public Task Idle()
    {
        lock (_lock)
            return _taken.Count == 0 ? Task.CompletedTask : (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Asks every turn that holds a slot to stop.</summary>
    public void StopAll(StopReason reason)
    {
        TurnSlot[] taken;
        lock (_lock)
            taken = [.. _taken];
        foreach (var slot in taken)
            slot.Stop(reason);
    }

    public void Dispose()
    {
        _limiter.Dispose();
        _closing.Dispose();
    }

    internal void Release(TurnSlot slot)
    {
        TaskCompletionSource? idle = null;
        lock (_lock)
        {
            _taken.Remove(slot);
            if (_taken.Count == 0)
                (idle, _idle) = (_idle, null);
        }

        idle?.TrySetResult();
    }

    /// <summary>
    /// A running CLI needs about 40 MB of its own beside what all of them share, and waits for the model most of its time.
    /// </summary>
    private static int DefaultLimit()
    {
        var byMemory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (128L << 20);
        return (int)Math.Clamp(byMemory, 4, Environment.ProcessorCount * 16L);
    }
}

/// <summary>One turn's place among the running ones.</summary>
internal sealed class TurnSlot(TurnSlots slots, RateLimitLease lease) : IDisposable
{
    private readonly Lock _lock = new();
    private ICodexTurn? _turn;
    private StopReason? _stop;

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
        lease.Dispose();
        slots.Release(this);
    }
}
