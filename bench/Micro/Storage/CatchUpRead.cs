using System.Buffers;
using BenchmarkDotNet.Attributes;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Events;

namespace CodexOrleans.Micro.Storage;

/// <summary>
/// A page of 1,000 events out of a thread of 100,000, which was written while three others were: their rows lie between its own.
/// </summary>
public class CatchUpRead
{
    private const int Events = 100_000;
    private const int Page = 1_000;
    private const int PageBytes = Page * SampleLines.MessageLength;
    private const int Threads = 4;

    private readonly ArrayBufferWriter<byte> _json = new(2 * PageBytes);
    private TemporaryLog _log = null!;
    private Guid _threadId;
    private IReadOnlyList<LogChunk> _page = [];

    /// <summary>Events that were committed together: 1 in a turn at its usual pace, more in a burst.</summary>
    [Params(1, 100)]
    public int PerChunk { get; set; }

    [GlobalSetup]
    public async Task Write()
    {
        _log = await TemporaryLog.Open();
        LogOwner[] owners = [.. Enumerable.Range(0, Threads).Select(_ => new LogOwner(_log.Store))];
        _threadId = owners[0].ThreadId;
        foreach (var owner in owners)
            await owner.Claim();
        var lines = SampleLines.Messages(PerChunk);
        var waiting = new List<Task>();
        for (var written = 0; written < Events; written += PerChunk)
        {
            foreach (var owner in owners)
                waiting.Add(owner.Append(lines, PerChunk).AsTask());
            if (waiting.Count < 1_000)
                continue;
            await Task.WhenAll(waiting);
            waiting.Clear();
        }

        await Task.WhenAll(waiting);
        _page = await Read(Events / 2);
    }

    [GlobalCleanup]
    public async Task Close() => await _log.DisposeAsync();

    [Benchmark(Description = "1,000 events at the end")]
    public Task<IReadOnlyList<LogChunk>> AtTheEnd() => Read(Events - Page);

    [Benchmark(Description = "1,000 events in the middle")]
    public Task<IReadOnlyList<LogChunk>> InTheMiddle() => Read(Events / 2);

    [Benchmark(Description = "the same as a page of JSON")]
    public int AsJson()
    {
        _json.ResetWrittenCount();
        using var json = EventPage.CreateWriter(_json);
        EventPage.Write(json, _page, Events / 2, Events, Page, 2 * PageBytes);
        json.Flush();
        return _json.WrittenCount;
    }

    private Task<IReadOnlyList<LogChunk>> Read(long after) => _log.Store.ReadChunks(_threadId, after, PageBytes).AsTask();
}
