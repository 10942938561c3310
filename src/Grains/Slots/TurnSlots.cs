using CodexOrleans.Codex.Engines;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Slots;

/// <summary>
/// The limit of concurrent turns on this silo, and the turns that wait here for a slot. Waiting turns get slots in fair order
/// (<see cref="FairOrder"/>); the wait and the queue are bounded. In a cluster a <see cref="TurnQueueLink"/> joins them to one queue over
/// all silos; a slot that is free while no turn waits anywhere costs no call.
/// </summary>
public sealed class TurnSlots : IDisposable
{
    /// <summary>Most waiting turns in one report to the cluster; no more get a slot before the next one.</summary>
    private const int MostReported = 64;

    /// <summary>How long a slot stays reserved for a turn that comes from another silo.</summary>
    private static readonly TimeSpan _hold = TimeSpan.FromSeconds(10);

    private readonly TimeSpan _maxWait;
    private readonly int _maxWaiting;
    private readonly ICodexEngine _engine;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly HashSet<TurnSlot> _taken = [];
    private readonly Dictionary<string, int> _running = [];
    private readonly WaitingTurns _waiting = new();
    private readonly Dictionary<Guid, KeptSlot> _kept = [];
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _idle;
    private Action? _changed;
    private bool _linked;
    private bool _queueing;
    private long _answered;

    public TurnSlots(ICodexEngine engine, IOptions<CodexOptions> options, TimeProvider time)
    {
        _engine = engine;
        _time = time;
        _maxWait = options.Value.MaxQueueWait;
        _maxWaiting = options.Value.MaxQueueLength;
        Limit = options.Value.MaxConcurrentTurns > 0 ? options.Value.MaxConcurrentTurns : DefaultLimit();
    }

    /// <summary>How many turns may run at once.</summary>
    public int Limit { get; }

    /// <summary>True once the host is shutting down: no further slot is given.</summary>
    public bool Closed { get; private set; }

    /// <summary>Completes when a shutdown no longer waits for the turns that still hold slots.</summary>
    public Task Abandoned => _abandoned.Task;

    /// <summary>Slots that turns hold now, or that are reserved for turns on their way here.</summary>
    public int Taken
    {
        get
        {
            lock (_lock)
                return _taken.Count;
        }
    }

    /// <summary>Turns that wait for a slot now.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Waits for a slot, at most <see cref="CodexOptions.MaxQueueWait"/>.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    internal async ValueTask<SlotOffer> Acquire(SlotRequest request, CancellationToken cancellationToken)
    {
        WaitingTurn waiting;
        lock (_lock)
        {
            if (Closed && !MayLeave(request.Anywhere))
                return default;
            if (request.Ticket is { } ticket && _kept.Remove(ticket, out var kept))
            {
                kept.Expiry.Dispose();
                return new SlotOffer(kept.Slot);
            }

            if (!Closed && !_queueing && _waiting.Count == 0 && _taken.Count < Limit && (!request.Anywhere || _engine.IsReady))
                return new SlotOffer(Take(request.User));
            var since = Now() - (long)request.Waited.TotalMilliseconds;
            waiting = new WaitingTurn(new QueuedTurn(request.Ticket ?? Guid.NewGuid(), request.User, since, request.Anywhere));
            if (_waiting.Count >= _maxWaiting && !_waiting.MakeRoomFor(request.User))
                return default;
            _waiting.Add(waiting);
        }

        Changed();
        return await Wait(waiting, _maxWait - request.Waited, cancellationToken);
    }

    /// <summary>Gives no further slot. Waiting turns are refused, unless they may run on another silo.</summary>
    public void Close()
    {
        List<TurnSlot> kept;
        lock (_lock)
        {
            Closed = true;
            foreach (var waiting in _waiting.RemoveAll(waiting => !MayLeave(waiting.Turn.Anywhere)))
                waiting.Offer(default);
            kept = [.. _kept.Values.Select(slot => slot.Slot)];
            foreach (var slot in _kept.Values)
                slot.Expiry.Dispose();
            _kept.Clear();
        }

        foreach (var slot in kept)
            slot.Dispose();
        Changed();
    }

    /// <summary>Refuses all turns that still wait. Meaningful once closed.</summary>
    public void RefuseWaiting()
    {
        lock (_lock)
        {
            _linked = false;
            foreach (var waiting in _waiting.RemoveAll())
                waiting.Offer(default);
        }
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

    /// <summary>Stops waiting for turns that could not be stopped: <see cref="Abandoned"/> completes.</summary>
    public void AbandonTurns() => _abandoned.TrySetResult();

    public void Dispose()
    {
        foreach (var kept in _kept.Values)
            kept.Expiry.Dispose();
    }

    /// <summary>
    /// Joins the cluster's queue, which from now on decides about slots; <paramref name="changed"/> is called at each change.
    /// </summary>
    internal void Link(Action changed)
    {
        _changed = changed;
        lock (_lock)
            _linked = true;
    }

    /// <summary>Leaves the cluster's queue while it cannot be asked: this silo's waiting turns get this silo's free slots.</summary>
    /// <param name="report">The report that got no answer.</param>
    internal void Unlink(SiloReport report)
    {
        lock (_lock)
        {
            _linked = _queueing = false;
            _answered = Math.Max(_answered, report.Number);
            AssignOwnSlots();
        }
    }

    internal SiloReport Report(SiloAddress silo, long number)
    {
        lock (_lock)
        {
            var now = Now();
            var ready = _engine.IsReady;
            return new SiloReport(
                silo,
                number,
                _answered,
                ready,
                ready && !Closed ? Limit - _taken.Count : 0,
                [
                    .. _waiting.First(MostReported, _running)
                        .Select(turn => new ReportedTurn(turn.Ticket, turn.User, now - turn.Since, turn.Anywhere)),
                ],
                new Dictionary<string, int>(_running),
                [.. _kept.Keys],
                _queueing);
        }
    }

    /// <summary>
    /// Carries out the orders of the cluster's queue as far as they are still possible. An answer that arrives after a later one is
    /// ignored: the reports since then have shown that its orders were not carried out.
    /// </summary>
    internal void Apply(QueueAnswer answer)
    {
        lock (_lock)
        {
            _linked = true;
            if (answer.Number <= _answered)
                return;
            (_answered, _queueing) = (answer.Number, answer.Queueing);
            foreach (var order in answer.Orders)
                Apply(order);
            if (!answer.Installed && !_engine.IsReady)
            {
                foreach (var waiting in _waiting.RemoveAll())
                    waiting.Offer(new SlotOffer(null, NotReady: true));
            }
        }

        if (answer.Orders.Length > 0)
            Changed();
    }

    internal void Release(TurnSlot slot)
    {
        TaskCompletionSource? idle = null;
        bool awaited;
        lock (_lock)
        {
            _taken.Remove(slot);
            if (--_running[slot.User] == 0)
                _running.Remove(slot.User);
            if (_taken.Count == 0)
                (idle, _idle) = (_idle, null);
            awaited = _queueing || _waiting.Count > 0;
        }

        idle?.TrySetResult();
        if (awaited)
            Changed();
    }

    private async ValueTask<SlotOffer> Wait(WaitingTurn waiting, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(longest > TimeSpan.Zero ? longest : TimeSpan.Zero, _time);
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await waiting.Answer.WaitAsync(wait.Token);
        }
        catch (OperationCanceledException)
        {
            bool unanswered;
            lock (_lock)
                unanswered = _waiting.Remove(waiting);
            Changed();
            var offer = unanswered ? default : await waiting.Answer;
            if (!cancellationToken.IsCancellationRequested)
                return offer;
            offer.Slot?.Dispose();
            throw;
        }
    }

    private bool MayLeave(bool anywhere) => anywhere && _linked;

    private void Changed()
    {
        lock (_lock)
        {
            if (!_linked)
                AssignOwnSlots();
        }

        _changed?.Invoke();
    }

    private void AssignOwnSlots()
    {
        if (_waiting.Count == 0 || _taken.Count >= Limit || Closed)
            return;
        var ready = _engine.IsReady;
        foreach (var turn in _waiting.First(Limit - _taken.Count, _running))
        {
            // A turn that may run anywhere waits for a silo that can run turns, if this one cannot.
            if (ready || !turn.Anywhere)
                Start(turn.Ticket);
        }
    }

    private void Apply(SlotOrder order)
    {
        switch (order.Kind)
        {
            case SlotOrderKind.Start when _taken.Count < Limit && !Closed:
                Start(order.Ticket);
                break;
            case SlotOrderKind.Hold when _taken.Count < Limit && !Closed && !_kept.ContainsKey(order.Ticket):
                var expiry = _time.CreateTimer(_ => ReleaseKept(order.Ticket), null, _hold, Timeout.InfiniteTimeSpan);
                _kept[order.Ticket] = new KeptSlot(Take(order.User), expiry);
                break;
            case SlotOrderKind.Move when _waiting.Dequeue(order.Ticket) is { } waiting:
                var waited = Now() - waiting.Turn.Since;
                waiting.Offer(new SlotOffer(null, order.Silo, order.Ticket, TimeSpan.FromMilliseconds(waited)));
                break;
        }
    }

    private void Start(Guid ticket)
    {
        if (_waiting.Dequeue(ticket) is { } waiting)
            waiting.Offer(new SlotOffer(Take(waiting.Turn.User)));
    }

    private void ReleaseKept(Guid ticket)
    {
        KeptSlot? kept;
        lock (_lock)
            _kept.Remove(ticket, out kept);
        kept?.Expiry.Dispose();
        kept?.Slot.Dispose();
    }

    /// <summary>Milliseconds of a monotonic clock.</summary>
    private long Now() => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    private TurnSlot Take(string user)
    {
        var slot = new TurnSlot(this, user);
        _taken.Add(slot);
        _running[user] = _running.GetValueOrDefault(user) + 1;
        return slot;
    }

    /// <summary>
    /// One slot per 128 MiB of memory, at most 16 per core: a running CLI has about 40 MB of its own and mostly waits for the model.
    /// </summary>
    private static int DefaultLimit()
    {
        var byMemory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (128L << 20);
        return (int)Math.Clamp(byMemory, 4, Environment.ProcessorCount * 16L);
    }

    private sealed record KeptSlot(TurnSlot Slot, ITimer Expiry);
}
