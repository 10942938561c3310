using System.Diagnostics.CodeAnalysis;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>
/// The events of one queue that its consumers have not received yet, as one chain per stream. It never puts back-pressure on the queue: a
/// consumer that is too far behind loses events instead, so that no other waits for it. Used by one agent, on its scheduler.
/// </summary>
internal sealed class SheddingQueueCache(PushStreamOptions options, TimeProvider timeProvider) : IQueueCache
{
    private const int MaxBatchesPerRead = 1024;

    private readonly Dictionary<StreamId, StreamChain> _chains = [];
    private readonly List<StreamChain> _grown = [];
    private long _sequence = timeProvider.GetUtcNow().UtcTicks;
    private long _swept = timeProvider.GetTimestamp();

    public int GetMaxAddCount() => MaxBatchesPerRead;

    public bool IsUnderPressure() => false;

    public void AddToCache(IList<IBatchContainer> messages)
    {
        var now = timeProvider.GetTimestamp();
        foreach (var message in messages)
        {
            var batch = (PushBatchContainer)message;
            var chain = ChainOf(batch.StreamId);
            batch.Number(++_sequence);
            if (chain.Append(batch, _sequence, now))
                _grown.Add(chain);
        }
    }

    /// <summary>
    /// Called before each read. Chains are shortened here and not in <see cref="AddToCache"/>, because the agent looks for a new stream's
    /// first event only after it has added all events of a read.
    /// </summary>
    public bool TryPurgeFromCache([MaybeNullWhen(false)] out IList<IBatchContainer> purgedItems)
    {
        foreach (var chain in _grown)
            chain.Shed();
        _grown.Clear();

        var now = timeProvider.GetTimestamp();
        if (timeProvider.GetElapsedTime(_swept, now) >= options.IdleRetention)
        {
            _swept = now;
            SweepIdleChains(now);
        }

        // There is nothing to acknowledge: the queue removed the events when the agent took them.
        purgedItems = null;
        return false;
    }

    public IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token)
    {
        var result = TryGetCacheCursor(streamId, token);
        return result.Cursor ?? throw result.CacheMiss!.Value.ToException();
    }

    /// <summary>Without a token the cursor begins with the next event: consumers read earlier ones from the log.</summary>
    public QueueCacheCursorResult<IQueueCacheCursor> TryGetCacheCursor(StreamId streamId, StreamSequenceToken? token)
    {
        var chain = ChainOf(streamId);
        if (token is null)
            return QueueCacheCursorResult<IQueueCacheCursor>.FromCursor(new SheddingQueueCacheCursor(chain, chain.End));

        return chain.Find(token.SequenceNumber) is { } link
            ? QueueCacheCursorResult<IQueueCacheCursor>.FromCursor(new SheddingQueueCacheCursor(chain, link))
            : QueueCacheCursorResult<IQueueCacheCursor>.FromCacheMiss(chain.MissOf(token.SequenceNumber));
    }

    private StreamChain ChainOf(StreamId streamId)
    {
        if (_chains.TryGetValue(streamId, out var chain))
            return chain;
        chain = new StreamChain(options, _sequence, timeProvider.GetTimestamp());
        _chains.Add(streamId, chain);
        return chain;
    }

    private void SweepIdleChains(long now)
    {
        foreach (var (streamId, chain) in _chains)
        {
            if (timeProvider.GetElapsedTime(chain.LastAppend, now) < options.IdleRetention)
                continue;
            chain.DropDelivered();
            if (!chain.HasCursors)
                _chains.Remove(streamId);
        }
    }
}
