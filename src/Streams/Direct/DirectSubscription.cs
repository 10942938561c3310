using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>
/// Calls one subscriber, one delivery at a time and in order, on the thread of whoever publishes. What is published meanwhile waits,
/// bounded, and goes out together in the next delivery. No publisher ever waits for the subscriber. Items carry no token (null): there
/// is no history to which one could point.
/// </summary>
internal sealed class DirectSubscription<T>(IAsyncBatchObserver<T> observer, DirectStreamOptions options)
{
    private readonly Lock _gate = new();
    private List<SequentialItem<T>> _pending = [];
    private long _pendingBytes;
    private bool _delivering;
    private bool _missed;

    public void Publish(T item)
    {
        lock (_gate)
        {
            if (_delivering)
            {
                Wait(item);
                return;
            }

            _delivering = true;
        }

        Deliver([new SequentialItem<T>(item, null!)]);
    }

    public void Publish(IEnumerable<T> items)
    {
        lock (_gate)
        {
            foreach (var item in items)
                Wait(item);
            if (_delivering)
                return;
            _delivering = true;
        }

        Continue();
    }

    public Task Complete() => observer.OnCompletedAsync();

    public Task Fail(Exception exception) => observer.OnErrorAsync(exception);

    private void Wait(T item)
    {
        var size = options.SizeOf?.Invoke(item!) ?? 0;
        // Alone, an event of any size may wait.
        if (_pending.Count > 0 && (_pending.Count >= options.MaxPendingEvents || _pendingBytes + size > options.MaxPendingBytes))
        {
            _pending.Clear();
            _pendingBytes = 0;
            _missed = true;
        }

        _pending.Add(new SequentialItem<T>(item, null!));
        _pendingBytes += size;
    }

    private void Deliver(IList<SequentialItem<T>> items)
    {
        var delivery = Call(items);
        if (delivery.IsCompletedSuccessfully)
            Continue();
        else
            _ = Finish(delivery);
    }

    /// <summary>Delivers what has come meanwhile, until nothing has. A loop, not a recursion, as long as the subscriber keeps up.</summary>
    private void Continue()
    {
        while (true)
        {
            List<SequentialItem<T>> items;
            bool missed;
            lock (_gate)
            {
                if (_pending.Count == 0)
                {
                    _delivering = false;
                    return;
                }

                items = _pending;
                _pending = [];
                _pendingBytes = 0;
                (missed, _missed) = (_missed, false);
            }

            var delivery = missed ? CallAfterMiss(items) : Call(items);
            if (delivery.IsCompletedSuccessfully)
                continue;
            _ = Finish(delivery);
            return;
        }
    }

    private async Task Finish(Task delivery)
    {
        try
        {
            await delivery.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await Tell(e).ConfigureAwait(false);
        }

        Continue();
    }

    private Task Call(IList<SequentialItem<T>> items)
    {
        try
        {
            return observer.OnNextAsync(items);
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private async Task CallAfterMiss(IList<SequentialItem<T>> items)
    {
        await Tell(new QueueCacheMissException("The subscriber fell too far behind; events were dropped.")).ConfigureAwait(false);
        await Call(items).ConfigureAwait(false);
    }

    /// <summary>A subscriber that fails even at being told of a failure is not told again; its next events are delivered all the same.</summary>
    private async Task Tell(Exception exception)
    {
        try
        {
            await observer.OnErrorAsync(exception).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Nobody is left to tell: the publisher is not concerned, and the subscriber has been told as far as it can be.
        }
    }
}
