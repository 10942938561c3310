using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>The position of one consumer in a stream's chain: the next link to read. It keeps no delivered link in memory.</summary>
internal sealed class SheddingQueueCacheCursor : IQueueCacheCursor
{
    private readonly StreamChain _chain;
    private StreamChain.Link _next;
    private IBatchContainer? _current;
    private bool _disposed;

    public SheddingQueueCacheCursor(StreamChain chain, StreamChain.Link next)
    {
        _chain = chain;
        _next = next;
        chain.Attach(next);
    }

    public IBatchContainer? GetCurrent(out Exception? exception)
    {
        exception = null;
        return _current;
    }

    public bool MoveNext() => MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success;

    /// <exception cref="QueueCacheMissException">
    /// The next events were dropped. It is thrown and not returned, because the agent answers a returned miss by moving on silently, and an
    /// exception by telling the consumer.
    /// </exception>
    public QueueCacheCursorMoveResult MoveNextWithResult()
    {
        _current = null;
        if (_next.IsDropped)
            throw _chain.MissOf(_next.Sequence).ToException();
        if (_next.Batch is not { } batch)
            return QueueCacheCursorMoveResult.NoData;

        _current = batch;
        _next = _chain.Advance(_next);
        return QueueCacheCursorMoveResult.Success;
    }

    public void Refresh(StreamSequenceToken token)
    {
    }

    public void RecordDeliveryFailure()
    {
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _current = null;
        _chain.Detach(_next);
    }
}
