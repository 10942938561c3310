using Orleans.Streams;

namespace CodexOrleans.Grains;

/// <summary>The front ends that follow a thread. Grain calls change them while the turn's own loop publishes, on other threads.</summary>
internal sealed class FrontLeases(TimeProvider time, Action<Exception> onFailure)
{
    /// <summary>A front end renews with its tail check every few seconds; one that missed three is gone.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private FrontLease[] _leases = [];

    /// <summary>True when nobody follows.</summary>
    public bool IsEmpty => Volatile.Read(ref _leases).Length == 0;

    /// <summary>Begins or renews a front end's lease; those that have run out are forgotten.</summary>
    /// <param name="stream">The front end's stream, asked for when the lease is new.</param>
    public void Renew(string front, Func<string, IAsyncStream<ThreadEventBatch>> stream)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var others = Array.FindAll(_leases, lease => lease.Front != front && !IsOver(lease, now));
            var own = Array.Find(_leases, lease => lease.Front == front) ?? new FrontLease(front, stream(front), onFailure);
            own.RenewedAt = now;
            Volatile.Write(ref _leases, [.. others, own]);
        }
    }

    public void End(string front)
    {
        lock (_gate)
            Volatile.Write(ref _leases, Array.FindAll(_leases, lease => lease.Front != front));
    }

    /// <summary>Publishes to every front end. Called for one batch at a time, in order.</summary>
    public void Publish(ThreadEventBatch batch)
    {
        var now = time.GetTimestamp();
        foreach (var lease in Volatile.Read(ref _leases))
        {
            if (!IsOver(lease, now))
                lease.Publish(batch);
        }
    }

    private bool IsOver(FrontLease lease, long now) => time.GetElapsedTime(lease.RenewedAt, now) > Length;
}
