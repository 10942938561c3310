using System.Diagnostics.Metrics;

namespace CodexOrleans.WebFront.Feed;

/// <summary>Figures of this front end's viewers.</summary>
internal sealed class FeedMetrics
{
    private readonly Meter _meter;
    private readonly long[] _repairs = new long[Enum.GetValues<RepairReason>().Length];

    public FeedMetrics(IMeterFactory meters)
    {
        _meter = meters.Create("CodexOrleans");
        _meter.CreateObservableCounter(
            "codex.viewer.repairs", ReadRepairs, "{repair}", "Times that a viewer was sent to the log, by codex.repair.reason.");
    }

    /// <summary>Counts <paramref name="feed"/>'s viewers whenever somebody asks.</summary>
    public void Watch(FrontFeed feed)
    {
        _meter.CreateObservableUpDownCounter(
            "codex.thread.followed", () => feed.FollowedThreads, "{thread}", "Threads with viewers at this front end.");
        _meter.CreateObservableUpDownCounter(
            "codex.viewer.active", () => feed.CountViewers(static _ => true), "{viewer}", "Viewers of this front end.");
        _meter.CreateObservableUpDownCounter(
            "codex.viewer.catching_up",
            () => feed.CountViewers(static viewer => viewer.ReadsLog),
            "{viewer}",
            "Viewers that read the log and not the stream.");
    }

    public void Repaired(RepairReason reason) => Interlocked.Increment(ref _repairs[(int)reason]);

    private IEnumerable<Measurement<long>> ReadRepairs()
    {
        foreach (var reason in Enum.GetValues<RepairReason>())
            yield return new(
                Volatile.Read(ref _repairs[(int)reason]), new KeyValuePair<string, object?>("codex.repair.reason", Word(reason)));
    }

    private static string Word(RepairReason reason) => reason switch
    {
        RepairReason.Overflow => "overflow",
        RepairReason.Gap => "gap",
        RepairReason.Silence => "silence",
        _ => "stream",
    };
}

/// <summary>Why a viewer reads the log instead of its queue.</summary>
internal enum RepairReason
{
    /// <summary>The queue was full.</summary>
    Overflow,

    /// <summary>A batch came whose predecessor had not.</summary>
    Gap,

    /// <summary>Nothing came although the head had moved on.</summary>
    Silence,

    /// <summary>The front end's stream failed or was subscribed anew.</summary>
    Stream,
}
