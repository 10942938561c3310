using Orleans.Streams;

namespace CodexOrleans.Grains;

/// <summary>
/// One front end that follows the thread: publishes to its stream, one delivery at a time and in order. What is committed while a
/// delivery is under way goes out together with the next one.
/// </summary>
/// <remarks>Used from the grain's own scheduler only.</remarks>
internal sealed class FrontLease(IAsyncStream<ThreadEventBatch> stream, Action<Exception> onFailure)
{
    /// <summary>Bound of what may wait behind one delivery. Beyond it the live path drops, and the viewers read the log.</summary>
    private const long MaxPendingBytes = 4 << 20;

    private List<ThreadEventBatch> _pending = [];
    private long _pendingBytes;
    private bool _sending;

    /// <summary>When the front end is forgotten unless it renews.</summary>
    public DateTimeOffset Expires { get; set; }

    public void Publish(ThreadEventBatch batch)
    {
        if (_sending)
        {
            if (_pendingBytes > MaxPendingBytes)
            {
                _pending.Clear();
                _pendingBytes = 0;
            }

            _pending.Add(batch);
            _pendingBytes += batch.Lines.Length;
            return;
        }

        var sent = Send([batch]);
        if (sent.IsCompleted)
            return;
        _sending = true;
        _ = SendRest(sent);
    }

    private async Task SendRest(Task sent)
    {
        await sent;
        while (_pending.Count > 0)
        {
            var batches = _pending;
            _pending = [];
            _pendingBytes = 0;
            await Send(batches);
        }

        _sending = false;
    }

    /// <summary>Never fails: the log has the events, and the front end's tail check finds the gap.</summary>
    private async Task Send(List<ThreadEventBatch> batches)
    {
        try
        {
            await (batches.Count == 1 ? stream.OnNextAsync(batches[0]) : stream.OnNextBatchAsync(batches));
        }
        catch (Exception e)
        {
            onFailure(e);
        }
    }
}
