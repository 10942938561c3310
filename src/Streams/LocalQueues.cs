using System.Collections.Concurrent;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>The queues of one provider in this process, shared by its producers and agents.</summary>
internal sealed class LocalQueues(PushStreamOptions options, TimeProvider timeProvider)
{
    private readonly ConcurrentDictionary<QueueId, EventQueue> _queues = new();

    public EventQueue Get(QueueId id) =>
        _queues.GetOrAdd(id, static (id, queues) => queues.Create(id), this);

    private EventQueue Create(QueueId id) => new(id.ToString(), options, timeProvider);
}
