namespace CodexOrleans.Streams.Direct;

/// <summary>Bounds of what waits for a subscriber that is busy with an earlier delivery.</summary>
public sealed class DirectStreamOptions
{
    /// <summary>
    /// Events that may wait, at least 1. Beyond it all that wait are dropped, and the subscriber gets a
    /// <see cref="Orleans.Streams.QueueCacheMissException"/> in <c>OnErrorAsync</c>, then the events after them. What one call publishes
    /// stays whole, also when it alone is more. Default: 8192.
    /// </summary>
    public int MaxPendingEvents { get; set; } = 8192;

    /// <summary>
    /// Bytes that may wait, at least 1, as told by <see cref="SizeOf"/>; see <see cref="MaxPendingEvents"/>. Default: 16 MiB.
    /// </summary>
    public long MaxPendingBytes { get; set; } = 16L << 20;

    /// <summary>
    /// Estimates the bytes an event holds in memory; called for events that have to wait. Without it only the limit in events applies.
    /// Default: none.
    /// </summary>
    public Func<object, long>? SizeOf { get; set; }
}
