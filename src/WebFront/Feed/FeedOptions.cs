namespace CodexOrleans.WebFront.Feed;

/// <summary>How events reach clients. Configuration section <c>Relay</c>.</summary>
public sealed class FeedOptions
{
    public const string Section = "Relay";

    /// <summary>An idle stream gets a comment this often, so that proxies keep it open. Default 10 s.</summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a followed thread's lease is renewed and its tail compared with the log's head. Default 3 s.</summary>
    public TimeSpan TailCheck { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How many threads are checked at once. Default 64.</summary>
    public int TailCheckConcurrency { get; set; } = 64;

    /// <summary>How long a thread's owner may take to answer before the log is asked instead. Default 2 s.</summary>
    public TimeSpan OwnerTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A client that takes nothing for this long is dropped. Default 30 s.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Batches that may wait for one viewer; what does not fit is read from the log later. Default 512.</summary>
    public int ViewerBatches { get; set; } = 512;

    /// <summary>Bytes that may wait for one viewer; what does not fit is read from the log later. Default 2 MiB.</summary>
    public int ViewerBytes { get; set; } = 2 * 1024 * 1024;

    /// <summary>Bytes read from the log at a time. Default 512 KiB.</summary>
    public int LogPageBytes { get; set; } = 512 * 1024;

    /// <summary>Viewers that read the log at once; the others wait for their turn. Default 8.</summary>
    public int LogReaders { get; set; } = 8;

    /// <summary>Bytes of events that <c>/run</c> collects before it refers the caller to the log. Default 256 MiB.</summary>
    public long RunResultBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Bytes of events in one JSON page, unless a single event is larger. Default 1 MiB.</summary>
    public int EventPageBytes { get; set; } = 1024 * 1024;

    /// <summary>What is wrong with these options, each in one sentence.</summary>
    internal IEnumerable<string> Faults()
    {
        foreach (var (name, value) in new[]
        {
            (nameof(Heartbeat), Heartbeat),
            (nameof(TailCheck), TailCheck),
            (nameof(OwnerTimeout), OwnerTimeout),
            (nameof(WriteTimeout), WriteTimeout),
        })
        {
            if (value < TimeSpan.FromMilliseconds(1) || value > TimeSpan.FromDays(1))
                yield return $"{Section}:{name} is {value}; it must lie between 1 ms and 1 day.";
        }

        foreach (var (name, value) in new[]
        {
            (nameof(TailCheckConcurrency), TailCheckConcurrency),
            (nameof(ViewerBatches), ViewerBatches),
            (nameof(ViewerBytes), ViewerBytes),
            (nameof(LogPageBytes), LogPageBytes),
            (nameof(LogReaders), LogReaders),
            (nameof(RunResultBytes), RunResultBytes),
            (nameof(EventPageBytes), EventPageBytes),
        })
        {
            if (value < 1)
                yield return $"{Section}:{name} is {value}; it must be at least 1.";
        }
    }
}
