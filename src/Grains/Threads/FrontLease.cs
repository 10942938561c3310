using Orleans.Streams;

namespace CodexOrleans.Grains.Threads;

/// <summary>
/// One front end that follows the thread: publishes to its stream, one delivery at a time and in order. What is committed while a
/// delivery is under way goes out together with the next one.
/// </summary>
internal sealed class FrontLease(string front, IAsyncStream<ThreadEventBatch> stream, Action<Exception> onFailure)
{
    /// <summary>Bound of what may wait behind one delivery. Beyond it the live path drops, and the viewers read the log.</summary>
    private const long MaxPendingBytes = 4 << 20;

    private readonly Lock _gate = new();
    private List<ThreadEventBatch> _pending = [];
    private long _pendingBytes;
    private bool _sending;
    private long _renewedAt;

    public string Front => front;

    /// <summary>The front end wants this turn's events and no later ones, unless it attaches.</summary>
    public bool EndsWithTurn { get; set; }

    /// <summary>When the front end was last heard of, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long RenewedAt
    {
        get => Volatile.Read(ref _renewedAt);
        set => Volatile.Write(ref _renewedAt, value);
    }

    public void Publish(ThreadEventBatch batch)
    {
        lock (_gate)
        {
            if (_sending)
            {
                Wait(batch);
                return;
            }

            _sending = true;
        }

        var sent = Send(batch);
        if (!sent.IsCompletedSuccessfully || !TryRest())
            _ = SendRest(sent);
    }

    private void Wait(ThreadEventBatch batch)
    {
        if (_pendingBytes > MaxPendingBytes)
        {
            _pending.Clear();
            _pendingBytes = 0;
        }

        _pending.Add(batch);
        _pendingBytes += batch.Lines.Length;
    }

    /// <summary>True when nothing waits any more; the next batch is sent at once then.</summary>
    private bool TryRest()
    {
        lock (_gate)
        {
            if (_pending.Count == 0)
                _sending = false;
            return !_sending;
        }
    }

    /// <summary>Never fails: the log has the events, and the front end's tail check finds the gap.</summary>
    private async Task SendRest(Task sent)
    {
        while (true)
        {
            try
            {
                await sent.ConfigureAwait(false);
            }
            catch (Exception e)
            {
                onFailure(e);
            }

            if (TryRest())
                return;
            sent = Send(TakePending());
        }
    }

    private Task Send(ThreadEventBatch batch)
    {
        try
        {
            return stream.OnNextAsync(batch);
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private Task Send(List<ThreadEventBatch> batches)
    {
        try
        {
            return stream.OnNextBatchAsync(batches);
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private List<ThreadEventBatch> TakePending()
    {
        lock (_gate)
        {
            var batches = _pending;
            _pending = [];
            _pendingBytes = 0;
            return batches;
        }
    }
}
