namespace CodexOrleans.Streams;

/// <summary>
/// Bounded first-in-first-out queue between producers and one agent. Waiting costs one timer; an arrival wakes the agent at once.
/// </summary>
internal sealed class EventQueue(string name, PushStreamOptions options, TimeProvider timeProvider)
{
    private readonly Lock _lock = new();
    private Queue<PushBatchContainer> _batches = new();
    private PushBatchContainer[] _taken = [];
    private Guid _reader;
    private int _events;
    private long _bytes;
    private TimeSpan _longestWait = TimeSpan.MaxValue;
    private TaskCompletionSource? _arrival;

    /// <exception cref="PushQueueFullException">The queue holds as much as it may; nothing was added.</exception>
    public void Add(PushBatchContainer batch)
    {
        TaskCompletionSource? arrival;
        lock (_lock)
        {
            // An empty queue takes a batch of any size, which could otherwise never pass.
            if (_batches.Count > 0
                && (_events + batch.Events.Length > options.MaxQueuedEvents || _bytes + batch.Bytes > options.MaxQueuedBytes))
            {
                throw new PushQueueFullException(name, _events, _bytes, options);
            }

            _batches.Enqueue(batch);
            _events += batch.Events.Length;
            _bytes += batch.Bytes;
            arrival = _arrival;
            _arrival = null;
        }

        arrival?.TrySetResult();
    }

    /// <summary>
    /// Takes what is there, or waits up to <paramref name="wait"/> for the first batch. Empty when nothing came, on cancellation, on
    /// <see cref="ShortenWaits"/> and when another reader took over; cancellation loses nothing.
    /// </summary>
    /// <param name="reader">
    /// The agent that takes. Its next call confirms that the last answer has arrived. When a queue moves between silos, the old agent's
    /// last call may still wait here, or its answer may be lost: the new agent gets those batches again.
    /// </param>
    public async Task<PushBatchContainer[]> TakeAsync(Guid reader, int maxBatches, TimeSpan wait, CancellationToken cancellationToken)
    {
        Task arrival;
        lock (_lock)
        {
            if (reader != _reader)
                TakeOver(reader);
            _taken = [];
            if (_batches.Count > 0)
                return Take(maxBatches);
            _arrival ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            arrival = _arrival.Task;
            if (wait > _longestWait)
                wait = _longestWait;
        }

        // A timeout and a cancellation are ordinary here, so they do not throw: exceptions cost CPU on each idle poll.
        await arrival.WaitAsync(wait, timeProvider, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (cancellationToken.IsCancellationRequested)
            return [];

        lock (_lock)
            return reader == _reader ? Take(maxBatches) : [];
    }

    /// <summary>Ends the wait in progress, and limits later ones to <paramref name="longest"/>.</summary>
    public void ShortenWaits(TimeSpan longest)
    {
        TaskCompletionSource? arrival;
        lock (_lock)
        {
            _longestWait = longest;
            arrival = _arrival;
            _arrival = null;
        }

        arrival?.TrySetResult();
    }

    private void TakeOver(Guid reader)
    {
        _reader = reader;
        _arrival?.TrySetResult();
        _arrival = null;
        if (_taken.Length == 0)
            return;
        _batches = new Queue<PushBatchContainer>([.. _taken, .. _batches]);
        foreach (var batch in _taken)
        {
            _events += batch.Events.Length;
            _bytes += batch.Bytes;
        }
    }

    private PushBatchContainer[] Take(int maxBatches)
    {
        if (_batches.Count == 0)
            return [];

        var taken = new PushBatchContainer[Math.Min(maxBatches, _batches.Count)];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = _batches.Dequeue();
            _events -= taken[i].Events.Length;
            _bytes -= taken[i].Bytes;
        }

        return _taken = taken;
    }
}
