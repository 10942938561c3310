using Orleans.Streams;

namespace CodexOrleans.Streams.Tests;

/// <summary>A consumer that keeps what it gets and lets a test wait for it.</summary>
internal sealed class Recorder : IAsyncBatchObserver<TestEvent>
{
    private readonly Lock _lock = new();
    private readonly List<TestEvent> _events = [];
    private readonly List<int> _deliveries = [];
    private readonly List<Exception> _errors = [];
    private readonly List<(Func<bool> Condition, TaskCompletionSource Met)> _waiters = [];

    /// <summary>Runs for each delivery before it is recorded.</summary>
    public Func<IReadOnlyList<TestEvent>, Task>? OnDelivery { get; set; }

    public IReadOnlyList<TestEvent> Events => Read(() => _events.ToList());

    /// <summary>Number of events in each delivery.</summary>
    public IReadOnlyList<int> Deliveries => Read(() => _deliveries.ToList());

    public IReadOnlyList<Exception> Errors => Read(() => _errors.ToList());

    public async Task OnNextAsync(IList<SequentialItem<TestEvent>> items)
    {
        var events = items.Select(item => item.Item).ToList();
        if (OnDelivery is { } onDelivery)
            await onDelivery(events);
        Record(() =>
        {
            _events.AddRange(events);
            _deliveries.Add(events.Count);
        });
    }

    public Task OnErrorAsync(Exception ex)
    {
        Record(() => _errors.Add(ex));
        return Task.CompletedTask;
    }

    public Task OnCompletedAsync() => Task.CompletedTask;

    public Task HasEventsAsync(int count) => UntilAsync(() => _events.Count >= count);

    public Task HasEventAsync(TestEvent expected) => UntilAsync(() => _events.Contains(expected));

    public Task HasErrorsAsync(int count) => UntilAsync(() => _errors.Count >= count);

    private async Task UntilAsync(Func<bool> condition)
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (condition())
                return;
            _waiters.Add((condition, met));
        }

        // A bound for the case that the event never comes; no promise is about its length.
        try
        {
            await met.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"What was expected did not come. There are events [{string.Join(", ", Events)}] and errors [{string.Join(", ", Errors.Select(error => error.GetType().Name))}].");
        }
    }

    private void Record(Action change)
    {
        lock (_lock)
        {
            change();
            _waiters.RemoveAll(waiter => waiter.Condition() && waiter.Met.TrySetResult());
        }
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }
}
