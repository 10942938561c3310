using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>
/// Settings of one push stream provider. Silos and clients of a cluster must agree on <see cref="QueueCount"/>.
/// </summary>
public sealed class PushStreamOptions
{
    /// <summary>Queues over which streams are spread by hash, 1 to 1024. A queue costs one sleeping agent. Default: 8.</summary>
    public int QueueCount { get; set; } = 8;

    /// <summary>
    /// How long an agent waits for an event before it does its housekeeping and waits again; no latency depends on it. More than zero,
    /// at most 2 seconds; a wait in progress can delay the move of a queue grain by as much. It is cut to half the silo's response timeout,
    /// so that no read is given up with events in it. Default: 2 seconds.
    /// </summary>
    public TimeSpan PollWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Events a queue holds that its agent has not taken yet. Beyond it publishing fails with <see cref="PushQueueFullException"/>.
    /// Default: 65536.
    /// </summary>
    public int MaxQueuedEvents { get; set; } = 65_536;

    /// <summary>
    /// Bytes a queue holds that its agent has not taken yet, as told by <see cref="SizeOf"/>. Beyond it publishing fails with
    /// <see cref="PushQueueFullException"/>; an event larger than this still passes an empty queue. Default: 64 MiB.
    /// </summary>
    public long MaxQueuedBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Events a consumer may be behind the newest of its stream. Further behind it gets a <see cref="QueueCacheMissException"/> in
    /// <c>OnErrorAsync</c>, loses what it has not received and continues with the next event. Default: 8192.
    /// </summary>
    public int MaxLagEvents { get; set; } = 8192;

    /// <summary>Bytes a consumer may be behind, as told by <see cref="SizeOf"/>; see <see cref="MaxLagEvents"/>. Default: 16 MiB.</summary>
    public long MaxLagBytes { get; set; } = 16L << 20;

    /// <summary>
    /// Publish calls of one stream that are delivered together when they have piled up behind a delivery, 1 to 4096. Default: 256.
    /// </summary>
    public int MaxBatchesPerDelivery { get; set; } = 256;

    /// <summary>
    /// How long a delivery that fails is tried again (with growing pauses) before the consumer gets the failure in <c>OnErrorAsync</c>
    /// and the events are skipped for it. A single attempt lasts up to the cluster's response timeout. Default: 10 seconds.
    /// </summary>
    public TimeSpan DeliveryTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a stream without traffic keeps its last few delivered events, for subscribers that are just arriving. Default: 10 seconds.
    /// </summary>
    public TimeSpan IdleRetention { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Estimates the bytes an event holds in memory; it is called once per published event. Without it all events count 0 bytes and
    /// only the limits in events apply. Default: none.
    /// </summary>
    public Func<object, long>? SizeOf { get; set; }
}
