using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Storage.Tests.Log.Commits;

/// <summary>What is counted of transactions, on a database that the test plays.</summary>
public sealed class CommitMetricsSpecs : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConcurrentQueue<(string Meter, double Value, string? Tag)> _measured = new();
    private readonly MeterListener _listener = new();
    private readonly PlayedDatabase _database = new();

    public CommitMetricsSpecs()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Other tests have meters of the same name.
            if (instrument.Meter.Scope == meters)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task Commits_are_counted_by_transaction_with_their_events_and_bytes()
    {
        var commits = Open(TimeSpan.Zero);
        var waiting = new[] { commits.Commit(Commit("{}")), commits.Commit(Commit("{}", "{}")), commits.Commit(Commit("{}")) };
        _listener.RecordObservableInstruments();
        Assert.Equal(3, Last("codex.log.waiting"));

        commits.Start();
        await Task.WhenAll(waiting);

        Assert.Equal([3], All("codex.log.batch.size"));
        Assert.Single(All("codex.log.batch.duration"));
        Assert.Equal([4], All("codex.log.events"));
        Assert.Equal([12], All("codex.log.written"));
        _listener.RecordObservableInstruments();
        Assert.Equal(0, Last("codex.log.waiting"));
        await Close(commits);
    }

    [Fact]
    public async Task Commits_that_are_refused_and_probes_are_not_counted()
    {
        _database.Outcome = CommitResult.Fenced;
        var commits = Open(TimeSpan.Zero);
        commits.Start();

        Assert.Equal(CommitResult.Fenced, await commits.Commit(Commit("{}")));
        await commits.Probe();

        Assert.Empty(All("codex.log.events"));
        Assert.Empty(All("codex.log.batch.size"));
        await Close(commits);
    }

    [Fact]
    public async Task Faults_are_counted_by_kind_and_so_is_each_further_try()
    {
        _database.Failures = 2;
        var commits = Open(TimeSpan.FromMinutes(1));
        commits.Start();

        await commits.Commit(Commit("{}"));

        _listener.RecordObservableInstruments();
        Assert.Equal(2, Last("codex.log.faults", "disk_full"));
        Assert.Equal(0, Last("codex.log.faults", "unreachable"));
        Assert.Equal(2, Last("codex.log.retries"));
        await Close(commits);
    }

    private static ThreadCommit Commit(params string[] lines) => new()
    {
        ThreadId = Guid.CreateVersion7(),
        Generation = 1,
        ExpectedHead = 0,
        Chunks = [new LogChunk { FirstSeq = 1, LastSeq = lines.Length, TurnId = Guid.CreateVersion7(), At = 1, Kind = 0, Lines = [.. lines.SelectMany(line => System.Text.Encoding.UTF8.GetBytes(line + "\n"))] }],
    };

    private static async Task Close(GroupCommit commits)
    {
        commits.Refuse();
        await commits.Ended;
    }

    private GroupCommit Open(TimeSpan retryFor) =>
        new(_database, retryFor, TimeProvider.System, NullLogger.Instance, new CommitQueueLimits(), _services.GetRequiredService<IMeterFactory>());

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, tags.Length > 0 ? tags[0].Value as string : null));

    private List<double> All(string meter) => [.. _measured.Where(measured => measured.Meter == meter).Select(measured => measured.Value)];

    private double Last(string meter, string? tag = null) => _measured.Last(measured => measured.Meter == meter && measured.Tag == tag).Value;

    /// <summary>Writes nothing, and fails as often as it is told to.</summary>
    private sealed class PlayedDatabase : ICommitDatabase, IWriteSession
    {
        public int Failures { get; set; }

        public CommitResult Outcome { get; set; }

        public PendingCommit? Culprit => null;

        public IWriteSession OpenSession() => this;

        public void Write(IReadOnlyList<PendingCommit> group, long now)
        {
            if (Failures-- > 0)
                throw new IOException("The disk is full.");
            foreach (var pending in group)
                pending.Outcome = Outcome;
        }

        public bool IsTransient(Exception e) => true;

        public bool IsCausedByCommit(Exception e) => false;

        public bool IsLockTimeout(Exception e) => false;

        public bool BreaksConnection(Exception e) => false;

        public StorageException ToStorageException(Exception e) => new(StorageFault.DiskFull, e.Message, e);

        public IReadOnlyCollection<Guid> FindLocked(Guid[] threads) => [];

        public void Rollback()
        {
        }

        public void AfterGroup()
        {
        }

        public void Finish()
        {
        }

        public void Dispose()
        {
        }
    }
}
