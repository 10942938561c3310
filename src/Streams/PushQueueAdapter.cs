using System.Collections.Concurrent;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>Puts published events on the queue of their stream, and gives agents their receivers.</summary>
internal sealed class PushQueueAdapter(
    string name,
    PushStreamOptions options,
    TimeSpan pollWait,
    IStreamQueueMapper mapper,
    IGrainFactory grainFactory) : IQueueAdapter
{
    private readonly ConcurrentDictionary<QueueId, IQueueGrain> _grains = new();

    public string Name => name;

    /// <summary>
    /// False: old events are read from the log, never from a stream. It also spares each delivery the token handshake, in which a consumer
    /// whose queue moved to a silo with a slower clock would skip new events as already seen.
    /// </summary>
    public bool IsRewindable => false;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadWrite;

    public Task QueueMessageBatchAsync<T>(
        StreamId streamId,
        IEnumerable<T> events,
        StreamSequenceToken? token,
        Dictionary<string, object>? requestContext)
    {
        if (token is not null)
            throw new ArgumentException($"Stream provider '{name}' numbers events itself; publish without a token.", nameof(token));

        var batch = CreateBatch(streamId, events);
        return batch.Events.Length == 0 ? Task.CompletedTask : GrainOf(mapper.GetQueueForStream(streamId)).Enqueue(batch);
    }

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) => new QueueGrainReceiver(GrainOf(queueId), pollWait);

    private PushBatchContainer CreateBatch<T>(StreamId streamId, IEnumerable<T> events)
    {
        // The events are copied, because the caller may reuse its list once the call returns.
        var items = events.Cast<object>().ToArray();
        var bytes = 0L;
        if (options.SizeOf is { } sizeOf)
        {
            foreach (var item in items)
                bytes += sizeOf(item);
        }

        return new PushBatchContainer(streamId, items, bytes);
    }

    private IQueueGrain GrainOf(QueueId queue) =>
        _grains.GetOrAdd(
            queue,
            static (queue, state) => state.Factory.GetGrain<IQueueGrain>(QueueGrain.KeyOf(state.Provider, queue)),
            (Factory: grainFactory, Provider: name));
}
