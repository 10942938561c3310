using System.Threading.Channels;
using Orleans.Streams;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>A front end reduced to its stream: records what a thread publishes to it.</summary>
internal sealed class FrontProbe(Func<ThreadEventBatch, Task>? onBatch = null) : IAsyncObserver<ThreadEventBatch>
{
    private readonly Channel<ThreadEventBatch> _batches = Channel.CreateUnbounded<ThreadEventBatch>();

    public string Id { get; } = Guid.NewGuid().ToString("N");

    public Task<ThreadEventBatch> Next() => _batches.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(ScriptedEngine.Patience);

    /// <summary>Reads on until a batch ends a turn.</summary>
    public async Task<List<ThreadEventBatch>> UntilTurnEnds()
    {
        List<ThreadEventBatch> batches = [];
        do
            batches.Add(await Next());
        while (!batches[^1].EndsTurn);
        return batches;
    }

    public bool IsEmpty => _batches.Reader.Count == 0;

    public async Task OnNextAsync(ThreadEventBatch item, StreamSequenceToken? token = null)
    {
        if (onBatch is not null)
            await onBatch(item);
        _batches.Writer.TryWrite(item);
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}
