using System.Diagnostics.CodeAnalysis;
using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>
/// Calls one subscriber, one delivery at a time and in order, on the thread of whoever publishes. What is published meanwhile waits,
/// bounded, and goes out together in the next delivery. No publisher ever waits for the subscriber. Items carry no token (null): there
/// is no history to which one could point.
/// </summary>
/// <remarks>As an observer it takes what other processes publish, so that the subscriber is not called from two sides at once.</remarks>
internal sealed class DirectSubscription<T>(IAsyncBatchObserver<T> observer, DirectStreamOptions options) : IAsyncBatchObserver<T>
{
    /// <summary>
    /// Deliveries in a row that a publisher makes of what others have published meanwhile. Then a thread of the pool goes on: a
    /// publisher has work of its own.
    /// </summary>
    private const int MaxDeliveriesForOthers = 16;

    private readonly Lock _gate = new();
    private List<SequentialItem<T>> _pending = [];
    private long _pendingBytes;
    private Exception? _error;
    private bool _delivering;
    private bool _ended;

    /// <summary>What its owner ends it by; null until it is complete.</summary>
    public DirectSubscriptionHandle<T>? Handle { get; set; }

    public void Publish(T item) => Accept(new[] { new SequentialItem<T>(item, null!) });

    // A copy: the caller may reuse its list, and what it enumerates runs outside the lock.
    public void Publish(IEnumerable<T> items) => Accept(items.Select(item => new SequentialItem<T>(item, null!)).ToList());

    /// <summary>Drops what waits and delivers nothing more. A delivery under way comes to its end.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            _error = null;
            _pending = [];
            _pendingBytes = 0;
        }
    }

    Task IAsyncBatchObserver<T>.OnNextAsync(IList<SequentialItem<T>> items)
    {
        Publish(items.Select(item => item.Item));
        return Task.CompletedTask;
    }

    Task IAsyncBatchObserver<T>.OnErrorAsync(Exception ex)
    {
        lock (_gate)
        {
            if (_ended)
                return Task.CompletedTask;
            _error = ex;
            if (_delivering)
                return Task.CompletedTask;
            _delivering = true;
        }

        Continue(MaxDeliveriesForOthers);
        return Task.CompletedTask;
    }

    private void Accept(IList<SequentialItem<T>> items)
    {
        lock (_gate)
        {
            if (_ended || items.Count == 0)
                return;
            if (_delivering)
            {
                Wait(items);
                return;
            }

            _delivering = true;
        }

        GoOn(Deliver(items), MaxDeliveriesForOthers);
    }

    private void Wait(IList<SequentialItem<T>> items)
    {
        var bytes = 0L;
        if (options.SizeOf is { } sizeOf)
        {
            foreach (var item in items)
                bytes += sizeOf(item.Item!);
        }

        // What is published together stays together; alone, it may be of any size.
        if (_pending.Count > 0 && (_pending.Count + items.Count > options.MaxPendingEvents || _pendingBytes + bytes > options.MaxPendingBytes))
        {
            _error = new QueueCacheMissException(
                $"{_pending.Count} events ({_pendingBytes} bytes) were dropped, because the subscriber was busy with an earlier delivery; "
                + $"the limits are {options.MaxPendingEvents} events and {options.MaxPendingBytes} bytes. Read them elsewhere.");
            _pending = [];
            _pendingBytes = 0;
        }

        _pending.AddRange(items);
        _pendingBytes += bytes;
    }

    private void GoOn(Task delivery, int deliveries)
    {
        if (delivery.IsCompletedSuccessfully)
            Continue(deliveries);
        else
            _ = ContinueAfter(delivery);
    }

    /// <summary>Delivers what has come meanwhile, until nothing has. A loop, not a recursion, as long as the subscriber keeps up.</summary>
    private void Continue(int deliveries)
    {
        for (; deliveries > 0; deliveries--)
        {
            if (!TryTake(out var items, out var error))
                return;
            var delivery = error is null ? Deliver(items) : DeliverAfter(error, items);
            if (delivery.IsCompletedSuccessfully)
                continue;
            _ = ContinueAfter(delivery);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static subscription => subscription.Continue(int.MaxValue), this, preferLocal: false);
    }

    // Never on this stack: a delivery that completes while this is called would make it grow with each further one.
    private async Task ContinueAfter(Task delivery)
    {
        await delivery.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        Continue(MaxDeliveriesForOthers);
    }

    /// <summary>False when nothing waits any more; the next publisher delivers by itself then.</summary>
    private bool TryTake([NotNullWhen(true)] out List<SequentialItem<T>>? items, out Exception? error)
    {
        lock (_gate)
        {
            (error, _error) = (_error, null);
            if (_pending.Count == 0 && error is null)
            {
                _delivering = false;
                items = null;
                return false;
            }

            items = _pending;
            _pending = [];
            _pendingBytes = 0;
            return true;
        }
    }

    /// <summary>Never fails: the subscriber itself is told.</summary>
    private Task Deliver(IList<SequentialItem<T>> items)
    {
        try
        {
            var delivery = observer.OnNextAsync(items);
            return delivery.IsCompletedSuccessfully ? delivery : Settle(delivery);
        }
        catch (Exception e)
        {
            return Tell(e);
        }
    }

    private async Task DeliverAfter(Exception error, List<SequentialItem<T>> items)
    {
        await Tell(error).ConfigureAwait(false);
        if (items.Count > 0)
            await Deliver(items).ConfigureAwait(false);
    }

    private async Task Settle(Task delivery)
    {
        try
        {
            await delivery.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await Tell(e).ConfigureAwait(false);
        }
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
