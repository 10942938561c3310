namespace CodexOrleans.Streams.Direct;

/// <summary>Bounds of what waits for a subscriber that is busy with an earlier delivery.</summary>
public sealed class DirectStreamOptions
{
    /// <summary>
    /// Events that may wait. Beyond it all that wait are dropped, and the subscriber gets a
    /// <see cref="Orleans.Streams.QueueCacheMissException"/> in <c>OnErrorAsync</c>. Default: 8192.
    /// </summary>
    public int MaxPendingEvents { get; set; } = 8192;

    /// <summary>Bytes that may wait, as told by <see cref="SizeOf"/>; see <see cref="MaxPendingEvents"/>. Default: 16 MiB.</summary>
    public long MaxPendingBytes { get; set; } = 16L << 20;

    /// <summary>Estimates the bytes an event holds in memory. Without it only the limit in events applies. Default: none.</summary>
    public Func<object, long>? SizeOf { get; set; }
}
