using System.Net;
using System.Threading.RateLimiting;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Counts wrong tokens by client: <see cref="MaxFailures"/> a <see cref="Window"/>, and from then on the answer is to wait. It keeps load
/// and noise down. Nothing depends on it: a right token always passes, and nobody guesses one.
/// </summary>
internal sealed class TokenThrottle(TimeSpan? window = null) : IDisposable
{
    public const int MaxFailures = 10;

    /// <summary>Of all clients together. Each client that is counted takes memory for a window.</summary>
    public const int MaxFailuresOfAll = 10_000;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // Made for the first wrong token: it looks ten times a second whether a client's window is over.
    private readonly Lazy<PartitionedRateLimiter<IPAddress>> _failures = new(() => PartitionedRateLimiter.CreateChained(
        Limit(_ => IPAddress.Any, MaxFailuresOfAll, window ?? Window),
        Limit(Network, MaxFailures, window ?? Window)));

    /// <summary>Notes a wrong token.</summary>
    /// <param name="client">Where it came from; null for a client of this machine that has no address.</param>
    /// <returns>Null, or the seconds that the client is to wait because it has sent too many.</returns>
    public int? Failed(IPAddress? client)
    {
        using var lease = _failures.Value.AttemptAcquire(client ?? IPAddress.Loopback);
        if (lease.IsAcquired)
            return null;
        return (int)Math.Ceiling((lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : Window).TotalSeconds);
    }

    public void Dispose()
    {
        if (_failures.IsValueCreated)
            _failures.Value.Dispose();
    }

    private static PartitionedRateLimiter<IPAddress> Limit(Func<IPAddress, IPAddress> by, int failures, TimeSpan window) =>
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(client => RateLimitPartition.GetFixedWindowLimiter(
            by(client), _ => new FixedWindowRateLimiterOptions { PermitLimit = failures, Window = window, QueueLimit = 0 }));

    /// <summary>Who has one IPv6 address has its whole /64.</summary>
    private static IPAddress Network(IPAddress client)
    {
        if (client.IsIPv4MappedToIPv6)
            return client.MapToIPv4();
        var bytes = client.GetAddressBytes();
        if (bytes.Length > 8)
            bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
