using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.Streams.Tests;

public class EventQueueSpecs
{
    private readonly Guid _reader = Guid.NewGuid();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_full_queue_refuses_and_says_why()
    {
        var queue = QueueWith(new PushStreamOptions { MaxQueuedEvents = 3 });
        queue.Add(BatchOf(events: 2));
        queue.Add(BatchOf(events: 1));

        var refusal = Assert.Throws<PushQueueFullException>(() => queue.Add(BatchOf(events: 1)));

        Assert.Contains("'orders' is full with 3 events", refusal.Message);
    }

    [Fact]
    public async Task A_queue_that_was_emptied_takes_events_again()
    {
        var queue = QueueWith(new PushStreamOptions { MaxQueuedBytes = 100 });
        queue.Add(BatchOf(events: 1, bytes: 100));
        Assert.Throws<PushQueueFullException>(() => queue.Add(BatchOf(events: 1, bytes: 1)));

        Assert.Single(await queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken));
        queue.Add(BatchOf(events: 1, bytes: 1));
    }

    [Fact]
    public void A_batch_beyond_the_limits_passes_an_empty_queue()
    {
        var queue = QueueWith(new PushStreamOptions { MaxQueuedEvents = 1, MaxQueuedBytes = 1 });

        queue.Add(BatchOf(events: 5, bytes: 500));

        Assert.Throws<PushQueueFullException>(() => queue.Add(BatchOf(events: 1)));
    }

    [Fact]
    public async Task Who_waits_sleeps_until_an_event_comes()
    {
        var queue = QueueWith(new PushStreamOptions());
        var taking = queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.False(taking.IsCompleted);

        var batch = BatchOf(events: 1);
        queue.Add(batch);

        Assert.Same(batch, Assert.Single(await taking));
    }

    [Fact]
    public async Task A_wait_ends_empty_when_its_time_is_over()
    {
        var queue = QueueWith(new PushStreamOptions());
        var taking = queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(taking.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Empty(await taking);
    }

    [Fact]
    public async Task A_cancelled_wait_ends_empty_and_loses_nothing()
    {
        var queue = QueueWith(new PushStreamOptions());
        using var cancellation = new CancellationTokenSource();
        var taking = queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), cancellation.Token);

        await cancellation.CancelAsync();
        queue.Add(BatchOf(events: 1));

        Assert.Empty(await taking);
        Assert.Single(await queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_a_replaced_reader_never_confirmed_goes_to_the_next_one()
    {
        var queue = QueueWith(new PushStreamOptions());
        PushBatchContainer confirmed = BatchOf(events: 1), lost = BatchOf(events: 1), waiting = BatchOf(events: 1);
        queue.Add(confirmed);
        await queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        queue.Add(lost);
        await queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        queue.Add(waiting);

        var next = await queue.TakeAsync(Guid.NewGuid(), 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);

        Assert.Equal([lost, waiting], next);
    }

    [Fact]
    public async Task A_replaced_reader_that_still_waits_takes_nothing()
    {
        var queue = QueueWith(new PushStreamOptions());
        var old = queue.TakeAsync(_reader, 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        var next = queue.TakeAsync(Guid.NewGuid(), 10, TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);

        queue.Add(BatchOf(events: 1));

        Assert.Empty(await old);
        Assert.Single(await next);
    }

    [Fact]
    public async Task A_full_queue_grain_refuses_across_processes()
    {
        await using var cluster = await PushStreamCluster.StartAsync(options => options.MaxQueuedEvents = 2);
        // No agent reads this queue: the provider has eight.
        var grain = cluster.Cluster.Client.GetGrain<IQueueGrain>($"{PushStreamCluster.Provider}/4711");
        await grain.Enqueue(BatchOf(events: 2));

        var refusal = await Assert.ThrowsAsync<PushQueueFullException>(() => grain.Enqueue(BatchOf(events: 1)));

        Assert.Contains("the limits are 2 events", refusal.Message);
    }

    private static PushBatchContainer BatchOf(int events, long bytes = 0) =>
        new(StreamId.Create("test", "a"), [.. Enumerable.Range(0, events).Select(number => new TestEvent(0, number))], bytes);

    private EventQueue QueueWith(PushStreamOptions options) => new("orders", options, _time);
}
