namespace CodexOrleans.Streams.Tests;

public class ResubscriptionSpecs
{
    [Fact]
    public async Task After_unsubscribing_nothing_comes_and_a_new_subscription_starts_with_new_events()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var stream = cluster.StreamInSilo("a");
        var (first, second, witness) = (new Recorder(), new Recorder(), new Recorder());
        await cluster.StreamInClient("a").SubscribeAsync(witness);
        var subscription = await stream.SubscribeAsync(first);
        await stream.OnNextAsync(new TestEvent(0, 0));
        await Task.WhenAll(first.HasEventsAsync(1), witness.HasEventsAsync(1));

        await subscription.UnsubscribeAsync();
        await stream.OnNextAsync(new TestEvent(0, 1));
        await witness.HasEventsAsync(2);
        await stream.SubscribeAsync(second);
        await stream.OnNextAsync(new TestEvent(0, 2));

        await second.HasEventsAsync(1);
        Assert.Equal(new TestEvent(0, 2), Assert.Single(second.Events));
        Assert.Equal(new TestEvent(0, 0), Assert.Single(first.Events));
    }

    [Fact]
    public async Task A_stream_whose_only_subscriber_left_delivers_to_the_next_one()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var stream = cluster.StreamInSilo("a");
        for (var round = 0; round < 5; round++)
        {
            var recorder = new Recorder();
            var subscription = await stream.SubscribeAsync(recorder);
            await stream.OnNextAsync(new TestEvent(round, 0));
            await stream.OnNextAsync(new TestEvent(round, 1));
            await recorder.HasEventsAsync(2);
            Assert.Equal([new TestEvent(round, 0), new TestEvent(round, 1)], recorder.Events);
            await subscription.UnsubscribeAsync();
        }
    }

    [Fact]
    public async Task A_client_that_restarts_gets_new_events()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var (before, after) = (new Recorder(), new Recorder());
        await cluster.StreamInClient("a").SubscribeAsync(before);
        await cluster.StreamInSilo("a").OnNextAsync(new TestEvent(0, 0));
        await before.HasEventsAsync(1);

        await cluster.Cluster.StopClusterClientAsync(TestContext.Current.CancellationToken);
        await cluster.Cluster.InitializeClientAsync(TestContext.Current.CancellationToken);
        await cluster.StreamInClient("a").SubscribeAsync(after);
        await cluster.StreamInSilo("a").OnNextAsync(new TestEvent(0, 1));

        await after.HasEventsAsync(1);
        Assert.Equal(new TestEvent(0, 1), Assert.Single(after.Events));
        Assert.Single(before.Events);
    }
}
