using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using CodexOrleans.Grains;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.Micro.Events;

/// <summary>Events of a batch as server-sent events: the bytes alone, and through the writer into a response that throws them away.</summary>
public class SseFraming
{
    private readonly ThreadEventBatch _one = Batch(1);
    private readonly ThreadEventBatch _burst = Batch(SampleLines.Burst);
    private readonly byte[] _frames = new byte[SampleLines.MessageLength + SseFrames.Overhead];
    private ClientPipe _client = null!;
    private SseWriter _writer = null!;

    [GlobalSetup]
    public void Open()
    {
        _client = new ClientPipe(PipeWriter.Create(Stream.Null), TimeProvider.System, TimeSpan.FromSeconds(30));
        _writer = new SseWriter(_client);
    }

    [GlobalCleanup]
    public void Close() => _client.Dispose();

    [Benchmark(Description = "frame 1 line")]
    public int FrameOne() => SseFrames.Write(EventSlice.After(0, _one), _frames);

    [Benchmark(Description = "write and flush 1 line")]
    public Task WriteOne() => Write(_one);

    [Benchmark(Description = "write and flush 150 lines, per line", OperationsPerInvoke = SampleLines.Burst)]
    public Task WriteMany() => Write(_burst);

    private async Task Write(ThreadEventBatch batch)
    {
        await _writer.Write(EventSlice.After(0, batch));
        await _client.Flush();
    }

    private static ThreadEventBatch Batch(int count) => new()
    {
        ThreadId = Guid.CreateVersion7(),
        TurnId = Guid.CreateVersion7(),
        FirstSeq = 1,
        LastSeq = count,
        At = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        Kind = EventKind.Codex,
        Lines = SampleLines.Messages(count),
    };
}
