using CodexOrleans.Grains.Turns;
using Orleans.Streams;

namespace CodexOrleans.Grains.Threads;

/// <summary>The front ends that follow a thread. Grain calls change them while the turn's own loop publishes, on other threads.</summary>
internal sealed class FrontLeases(TimeProvider time, TurnMetrics metrics, Action<Exception> onFailure)
{
    /// <summary>A front end renews with its tail check every few seconds; one that missed three is gone.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private FrontLease[] _leases = [];

    /// <summary>Who follows now, some with a lease that has run out.</summary>
    public FrontLease[] All => Volatile.Read(ref _leases);

    /// <summary>Begins or renews a front end's lease; those that have run out are forgotten.</summary>
    /// <param name="stream">The front end's stream, asked for when the lease is new.</param>
    /// <param name="forTurn">True for a new lease that is to end with the turn.</param>
    public void Renew(string front, bool forTurn, Func<string, IAsyncStream<ThreadEventBatch>> stream)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var others = Array.FindAll(_leases, lease => lease.Front != front && !IsOver(lease, now));
            var known = Array.Find(_leases, lease => lease.Front == front && !IsOver(lease, now));
            var lease = known ?? new FrontLease(front, stream(front), NoteFailure);
            lease.RenewedAt = now;
            lease.EndsWithTurn = forTurn && (known is null || known.EndsWithTurn);
            Set([.. others, lease]);
        }
    }

    /// <summary>Ends the leases that were for the turn only.</summary>
    /// <returns>Everyone who followed until now: the turn's last events are theirs.</returns>
    public FrontLease[] EndTurn()
    {
        lock (_gate)
        {
            var followed = _leases;
            Set(Array.FindAll(followed, lease => !lease.EndsWithTurn));
            return followed;
        }
    }

    public void End(string front)
    {
        lock (_gate)
            Set(Array.FindAll(_leases, lease => lease.Front != front));
    }

    public void EndAll()
    {
        lock (_gate)
            Set([]);
    }

    /// <summary>Publishes to those of <paramref name="leases"/> that have not run out. Called for one batch at a time, in order.</summary>
    public void Publish(FrontLease[] leases, ThreadEventBatch batch)
    {
        var now = time.GetTimestamp();
        foreach (var lease in leases)
        {
            if (!IsOver(lease, now))
                lease.Publish(batch);
        }
    }

    private void Set(FrontLease[] leases)
    {
        metrics.FrontsChanged(leases.Length - _leases.Length);
        Volatile.Write(ref _leases, leases);
    }

    private void NoteFailure(Exception exception)
    {
        metrics.DeliveryFailed();
        onFailure(exception);
    }

    private bool IsOver(FrontLease lease, long now) => time.GetElapsedTime(lease.RenewedAt, now) > Length;
}
