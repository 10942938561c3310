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
    /// Deliveries in a row that one publisher makes for others who published meanwhile. Then a pool thread takes over, because the
    /// publisher has work of its own.
    /// </summary>
    private const int MaxDeliveriesForOthers = 16;

    private readonly Lock _gate = new();
    private List<SequentialItem<T>> _pending = [];
    private long _pendingBytes;
    private Exception? _error;
    private bool _delivering;
    private bool _ended;

    /// <summary>The subscriber's handle; null until the subscription is complete.</summary>
    public DirectSubscriptionHandle<T>? Handle { get; set; }

    public void Publish(T item) => Accept(new[] { new SequentialItem<T>(item, null!) });

    // The events are copied, because the caller may reuse its list, and outside the lock, because the enumerator is the caller's code.
    public void Publish(IEnumerable<T> items) => Accept(items.Select(item => new SequentialItem<T>(item, null!)).ToList());

    /// <summary>Drops pending events and delivers nothing more. A delivery under way completes.</summary>
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

        DeliverPending(MaxDeliveriesForOthers);
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
                AddPending(items);
                return;
            }

            _delivering = true;
        }

        var delivery = Deliver(items);
        if (delivery.IsCompletedSuccessfully)
            DeliverPending(MaxDeliveriesForOthers);
        else
            _ = DeliverPendingAfter(delivery);
    }

    private void AddPending(IList<SequentialItem<T>> items)
    {
        var bytes = 0L;
        if (options.SizeOf is { } sizeOf)
        {
            foreach (var item in items)
                bytes += sizeOf(item.Item!);
        }

        // Events that are published together are delivered together. An empty buffer takes a batch of any size, which could otherwise
        // never pass.
        if (_pending.Count > 0
            && (_pending.Count + items.Count > options.MaxPendingEvents || _pendingBytes + bytes > options.MaxPendingBytes))
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

    /// <summary>Delivers pending events until none are left or <paramref name="deliveries"/> have been made.</summary>
    private void DeliverPending(int deliveries)
    {
        for (; deliveries > 0; deliveries--)
        {
            if (!TryTake(out var items, out var error))
                return;
            var delivery = error is null ? Deliver(items) : DeliverAfter(error, items);
            if (delivery.IsCompletedSuccessfully)
                continue;
            _ = DeliverPendingAfter(delivery);
            return;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static subscription => subscription.DeliverPending(int.MaxValue), this, preferLocal: false);
    }

    // It always yields first: deliveries that complete at once would otherwise nest on this stack, one deeper each time.
    private async Task DeliverPendingAfter(Task delivery)
    {
        await delivery.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        DeliverPending(MaxDeliveriesForOthers);
    }

    /// <summary>False when nothing is pending; the next publisher then delivers its events itself.</summary>
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

    /// <summary>Never fails: an exception of the subscriber goes to its own <c>OnErrorAsync</c>.</summary>
    private Task Deliver(IList<SequentialItem<T>> items)
    {
        try
        {
            var delivery = observer.OnNextAsync(items);
            return delivery.IsCompletedSuccessfully ? delivery : Complete(delivery);
        }
        catch (Exception e)
        {
            return ReportError(e);
        }
    }

    private async Task DeliverAfter(Exception error, List<SequentialItem<T>> items)
    {
        await ReportError(error).ConfigureAwait(false);
        if (items.Count > 0)
            await Deliver(items).ConfigureAwait(false);
    }

    private async Task Complete(Task delivery)
    {
        try
        {
            await delivery.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await ReportError(e).ConfigureAwait(false);
        }
    }

    /// <summary>A failure of <c>OnErrorAsync</c> itself is ignored; the subscriber's next events are delivered all the same.</summary>
    private async Task ReportError(Exception exception)
    {
        try
        {
            await observer.OnErrorAsync(exception).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The failure is the subscriber's, which cannot be told; it does not concern the publisher.
        }
    }
}
