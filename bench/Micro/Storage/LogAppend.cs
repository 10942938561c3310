using BenchmarkDotNet.Attributes;

namespace CodexOrleans.Micro.Storage;

/// <summary>
/// Commits on disk (SQLite, <c>synchronous=NORMAL</c>). One writer shows a commit's latency; 200 writers that each wait for their
/// own commit show what a commit costs when many share a transaction.
/// </summary>
public class LogAppend
{
    private const int Writers = 200;

    private readonly Task[] _commits = new Task[Writers];
    private TemporaryLog _log = null!;
    private LogOwner[] _owners = [];
    private byte[] _lines = [];

    [Params(1, SampleLines.Burst)]
    public int Lines { get; set; }

    [GlobalSetup]
    public async Task Open()
    {
        _log = await TemporaryLog.Open();
        _lines = SampleLines.Messages(Lines);
        _owners = [.. Enumerable.Range(0, Writers).Select(_ => new LogOwner(_log.Store))];
        foreach (var owner in _owners)
            await owner.Claim();
    }

    [GlobalCleanup]
    public async Task Close() => await _log.DisposeAsync();

    [Benchmark(Description = "append, 1 writer")]
    public async Task OneWriter() => await _owners[0].Append(_lines, Lines);

    [Benchmark(Description = "append, 200 writers, per commit", OperationsPerInvoke = Writers)]
    public Task ManyWriters()
    {
        for (var i = 0; i < Writers; i++)
            _commits[i] = _owners[i].Append(_lines, Lines).AsTask();
        return Task.WhenAll(_commits);
    }
}
