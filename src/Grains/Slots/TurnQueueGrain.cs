using Orleans.Concurrency;

namespace CodexOrleans.Grains.Slots;

/// <inheritdoc cref="ITurnQueueGrain"/>
[Reentrant]
public sealed class TurnQueueGrain(IClusterMembershipService membership, TimeProvider time) : Grain, ITurnQueueGrain
{
    /// <summary>Longest wait for orders, and so the time after which all silos have called a new activation.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(5);

    private readonly ClusterSlots _slots = new();
    private readonly Dictionary<SiloAddress, Listener> _listeners = [];
    private readonly long _since = time.GetTimestamp();

    public async ValueTask<QueueAnswer> Exchange(SiloReport report)
    {
        if (!_slots.Update(report, (long)time.GetElapsedTime(0).TotalMilliseconds))
            return Answer(report, []);
        if (_listeners.Remove(report.Silo, out var earlier))
            earlier.Answer.SetResult(Answer(earlier.Report, []));
        var listener = new Listener(report);
        _listeners[report.Silo] = listener;
        Decide();
        try
        {
            return await listener.Answer.Task.WaitAsync(_patience, time);
        }
        catch (TimeoutException)
        {
            // The answer may have come at the same moment, and its orders must be sent.
            if (listener.Answer.Task.IsCompleted)
                return await listener.Answer.Task;
            _listeners.Remove(report.Silo);
            return Answer(report, []);
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        foreach (var listener in _listeners.Values)
            listener.Answer.SetResult(Answer(listener.Report, []));
        _listeners.Clear();
        return Task.CompletedTask;
    }

    private void Decide()
    {
        ForgetDeadSilos();
        var orders = _slots.Match(_listeners.Keys);
        foreach (var (silo, listener) in _listeners.ToList())
        {
            var own = orders.GetValueOrDefault(silo);
            if (own is null && _slots.IsAwaited(silo) == listener.Report.Queueing && (SomeInstalled() || listener.Report.Waiting is []))
                continue;
            _listeners.Remove(silo);
            listener.Answer.SetResult(Answer(listener.Report, own?.ToArray() ?? []));
        }
    }

    private void ForgetDeadSilos()
    {
        var members = membership.CurrentSnapshot;
        foreach (var silo in _slots.Silos.Where(silo => members.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None).ToList())
        {
            _slots.Forget(silo);
            if (_listeners.Remove(silo, out var listener))
                listener.Answer.SetResult(Answer(listener.Report, []));
        }
    }

    /// <summary>False only when every silo has reported that it has no CLI.</summary>
    private bool SomeInstalled() => _slots.AnyInstalled
        || (time.GetElapsedTime(_since) < _patience + _patience
            && membership.CurrentSnapshot.Members.Values.Any(member =>
                member.Status == SiloStatus.Active && !_slots.Silos.Contains(member.SiloAddress)));

    private QueueAnswer Answer(SiloReport report, SlotOrder[] orders) =>
        new(report.Number, _slots.IsAwaited(report.Silo), SomeInstalled(), orders);

    private sealed record Listener(SiloReport Report)
    {
        public TaskCompletionSource<QueueAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
