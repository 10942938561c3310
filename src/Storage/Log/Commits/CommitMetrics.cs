using System.Diagnostics.Metrics;

namespace CodexOrleans.Storage.Log.Commits;

/// <summary>Figures of one database's commits. Updated once for each transaction, whatever it holds.</summary>
internal sealed class CommitMetrics
{
    private readonly Counter<long> _events;
    private readonly Counter<long> _written;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _batchDuration;
    private readonly long[] _faults = new long[Enum.GetValues<StorageFault>().Length];
    private long _retries;

    public CommitMetrics(IMeterFactory meters, CommitQueue queue)
    {
        var meter = meters.Create("CodexOrleans");
        _events = meter.CreateCounter<long>("codex.log.events", "{event}", "Events on disk.");
        _written = meter.CreateCounter<long>("codex.log.written", "By", "Bytes of events on disk.");
        _batchSize = meter.CreateHistogram(
            "codex.log.batch.size", "{commit}", "Commits that shared one transaction.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096] });
        _batchDuration = meter.CreateHistogram(
            "codex.log.batch.duration",
            "s",
            "Time of one transaction, from its first statement to the commit.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
            });
        meter.CreateObservableCounter(
            "codex.log.faults", ReadFaults, "{fault}", "Transactions that failed because of the database, by error.type.");
        meter.CreateObservableCounter(
            "codex.log.retries", () => Volatile.Read(ref _retries), "{retry}", "Transactions that were tried again.");
        meter.CreateObservableUpDownCounter("codex.log.waiting", () => queue.Count, "{commit}", "Commits that wait for the writer.");
    }

    /// <summary>Whether anybody wants the time that a transaction takes.</summary>
    public bool Timed => _batchDuration.Enabled;

    public void Committed(List<PendingCommit> group, TimeSpan elapsed)
    {
        if (!_events.Enabled && !_batchSize.Enabled)
            return;
        var (commits, events, bytes) = BatchTrace.Measure(group);
        if (commits == 0)
            return;
        _events.Add(events);
        _written.Add(bytes);
        _batchSize.Record(commits);
        _batchDuration.Record(elapsed.TotalSeconds);
    }

    public void Failed(StorageFault fault) => Interlocked.Increment(ref _faults[(int)fault]);

    public void Retried() => Interlocked.Increment(ref _retries);

    // Also the kinds that have not occurred, as zero: so the first of each shows as an increase.
    private IEnumerable<Measurement<long>> ReadFaults()
    {
        foreach (var fault in Enum.GetValues<StorageFault>())
            yield return new(Volatile.Read(ref _faults[(int)fault]), new KeyValuePair<string, object?>("error.type", fault.Word()));
    }
}
