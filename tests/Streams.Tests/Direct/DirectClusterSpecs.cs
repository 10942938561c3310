using Orleans.Streams;

namespace CodexOrleans.Streams.Tests.Direct;

public class DirectClusterSpecs
{
    [Fact]
    public async Task A_subscriber_gets_each_event_once_whether_published_beside_it_or_in_another_silo()
    {
        const int events = 500;
        await using var cluster = await DirectStreamCluster.StartAsync(silos: 2);
        var (inside, overlaps) = (0, 0);
        var recorder = new Recorder
        {
            OnDelivery = async _ =>
            {
                if (Interlocked.Increment(ref inside) > 1)
                    Interlocked.Increment(ref overlaps);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
            },
        };
        await cluster.Stream("a", silo: 1).SubscribeAsync(recorder);

        await Task.WhenAll(Enumerable.Range(0, 2).Select(silo => Task.Run(async () =>
        {
            for (var number = 0; number < events; number++)
                await cluster.Stream("a", silo).OnNextAsync(new TestEvent(silo, number));
        })));
        // A stream is in order: what comes last shows that nothing comes twice.
        await cluster.Stream("a", silo: 0).OnNextAsync(new TestEvent(0, events));

        await recorder.HasEventAsync(new TestEvent(0, events));
        await recorder.HasEventsAsync(2 * events + 1);
        Assert.Equal(Enumerable.Range(0, events + 1), recorder.Events.Where(item => item.Producer == 0).Select(item => item.Number));
        Assert.Equal(Enumerable.Range(0, events), recorder.Events.Where(item => item.Producer == 1).Select(item => item.Number));
        Assert.Equal(0, overlaps);
        Assert.Empty(recorder.Errors);
    }

    [Fact]
    public async Task A_subscriber_beside_the_publisher_is_called_at_once_and_by_reference()
    {
        await using var cluster = await DirectStreamCluster.StartAsync(silos: 1);
        var recorder = new Recorder();
        await cluster.Stream("a", silo: 0).SubscribeAsync(recorder);
        var published = new TestEvent(0, 1);

        Assert.True(cluster.Stream("a", silo: 0).OnNextAsync(published).IsCompletedSuccessfully);

        Assert.Same(published, Assert.Single(recorder.Events));
    }

    [Fact]
    public async Task A_subscriber_that_moves_to_another_silo_gets_new_events_there_and_none_where_it_was()
    {
        await using var cluster = await DirectStreamCluster.StartAsync(silos: 2);
        var (before, after) = (new Recorder(), new Recorder());
        var subscription = await cluster.Stream("a", silo: 0).SubscribeAsync(before);
        await cluster.Stream("a", silo: 0).OnNextAsync(new TestEvent(0, 0));

        await subscription.UnsubscribeAsync();
        await cluster.Stream("a", silo: 1).SubscribeAsync(after);
        await cluster.Stream("a", silo: 0).OnNextAsync(new TestEvent(0, 1));

        await after.HasEventsAsync(1);
        Assert.Equal(1, Assert.Single(after.Events).Number);
        Assert.Equal(0, Assert.Single(before.Events).Number);
    }

    [Fact]
    public async Task A_subscriber_that_hangs_is_bounded_and_told_also_for_what_comes_from_another_silo()
    {
        await using var cluster = await DirectStreamCluster.StartAsync(silos: 2, configure: options => options.MaxPendingEvents = 5);
        var gate = new Gate();
        var recorder = new Recorder { OnDelivery = gate.Pass };
        var witness = new Recorder();
        await cluster.Stream("a", silo: 1).SubscribeAsync(recorder);
        await cluster.Stream("b", silo: 1).SubscribeAsync(witness);

        for (var number = 0; number < 50; number++)
        {
            await cluster.Stream("a", silo: 0).OnNextAsync(new TestEvent(0, number));
            await cluster.Stream("b", silo: 0).OnNextAsync(new TestEvent(0, number));
            await witness.HasEventsAsync(number + 1);
        }

        gate.Open();
        await recorder.HasErrorsAsync(1);
        await cluster.Stream("a", silo: 1).OnNextAsync(new TestEvent(1, 0));

        await recorder.HasEventAsync(new TestEvent(1, 0));
        Assert.All(recorder.Errors, error => Assert.IsType<QueueCacheMissException>(error));
    }
}
