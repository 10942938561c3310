using Orleans.Streams;

namespace CodexOrleans.Streams.Tests;

public class DeliverySpecs
{
    [Fact]
    public async Task Events_of_many_producers_arrive_once_and_in_each_producers_order()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        string[] keys = ["a", "b", "c", "d", "e"];
        const int producersPerStream = 4;
        const int eventsPerProducer = 500;
        var recorders = new Dictionary<string, Recorder>();
        foreach (var key in keys)
            await cluster.StreamInSilo(key).SubscribeAsync(recorders[key] = new Recorder());

        await Task.WhenAll(keys.SelectMany(key => Enumerable.Range(0, producersPerStream).Select(producer => Task.Run(async () =>
        {
            var stream = cluster.StreamInSilo(key);
            for (var number = 0; number < eventsPerProducer; number++)
                await stream.OnNextAsync(new TestEvent(producer, number));
        }))));

        foreach (var recorder in recorders.Values)
        {
            await recorder.HasEventsAsync(producersPerStream * eventsPerProducer);
            foreach (var producer in recorder.Events.GroupBy(item => item.Producer))
                Assert.Equal(Enumerable.Range(0, eventsPerProducer), producer.Select(item => item.Number));
            Assert.Empty(recorder.Errors);
        }
    }

    [Fact]
    public async Task The_first_events_of_many_new_streams_all_arrive_in_order()
    {
        await using var cluster = await PushStreamCluster.StartAsync(options => options.QueueCount = 2);
        var streams = Enumerable.Range(0, 30).Select(i => cluster.StreamInSilo($"cold-{i}")).ToList();
        var recorders = streams.Select(_ => new Recorder()).ToList();
        await Task.WhenAll(streams.Zip(recorders, (stream, recorder) => (Task)stream.SubscribeAsync(recorder)));

        await Task.WhenAll(streams.Select(stream => Task.Run(async () =>
        {
            for (var number = 0; number < 20; number++)
                await stream.OnNextAsync(new TestEvent(0, number));
        })));

        foreach (var recorder in recorders)
        {
            await recorder.HasEventsAsync(20);
            Assert.Equal(Enumerable.Range(0, 20), recorder.Events.Select(item => item.Number));
        }
    }

    [Fact]
    public async Task One_publish_reaches_all_subscribers_in_silos_and_clients()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        Recorder[] recorders = [new(), new(), new()];
        await cluster.StreamInSilo("a").SubscribeAsync(recorders[0]);
        await cluster.StreamInSilo("a").SubscribeAsync(recorders[1]);
        await cluster.StreamInClient("a").SubscribeAsync(recorders[2]);
        var published = new TestEvent(0, 1);

        await cluster.StreamInSilo("a").OnNextAsync(published);

        foreach (var recorder in recorders)
        {
            await recorder.HasEventsAsync(1);
            Assert.Equal(published, Assert.Single(recorder.Events));
        }
    }

    [Fact]
    public async Task Events_published_together_are_delivered_together()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        Recorder inSilo = new(), inClient = new();
        await cluster.StreamInSilo("a").SubscribeAsync(inSilo);
        await cluster.StreamInClient("a").SubscribeAsync(inClient);

        await cluster.StreamInSilo("a").OnNextBatchAsync(Enumerable.Range(0, 100).Select(number => new TestEvent(0, number)));

        foreach (var recorder in new[] { inSilo, inClient })
        {
            await recorder.HasEventsAsync(100);
            Assert.Equal([100], recorder.Deliveries);
            Assert.Equal(Enumerable.Range(0, 100), recorder.Events.Select(item => item.Number));
        }
    }

    [Fact]
    public async Task What_piles_up_behind_a_delivery_is_delivered_together()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var slow = new Recorder
        {
            OnDelivery = events =>
            {
                entered.TrySetResult();
                return release.Task;
            },
        };
        var quick = new Recorder();
        var stream = cluster.StreamInSilo("a");
        await cluster.StreamInClient("a").SubscribeAsync(slow);
        await stream.SubscribeAsync(quick);
        await stream.OnNextAsync(new TestEvent(0, 0));
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);

        for (var number = 1; number <= 50; number++)
            await stream.OnNextAsync(new TestEvent(0, number));
        await quick.HasEventsAsync(51);
        release.SetResult();

        await slow.HasEventsAsync(51);
        Assert.Equal([1, 50], slow.Deliveries);
        Assert.Equal(Enumerable.Range(0, 51), slow.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task A_consumer_of_single_events_gets_each_event_of_a_batch()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var recorder = new Recorder();
        await cluster.StreamInSilo("a").SubscribeAsync((item, token) => recorder.OnNextAsync([new(item, token!)]));

        await cluster.StreamInSilo("a").OnNextBatchAsync([new TestEvent(0, 0), new TestEvent(0, 1)]);

        await recorder.HasEventsAsync(2);
        Assert.Equal([1, 1], recorder.Deliveries);
        Assert.Equal([0, 1], recorder.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task Within_a_process_events_are_passed_by_reference()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var recorder = new Recorder();
        await cluster.StreamInSilo("a").SubscribeAsync(recorder);
        var published = new TestEvent(0, 1);

        await cluster.StreamInSilo("a").OnNextAsync(published);

        await recorder.HasEventsAsync(1);
        Assert.Same(published, recorder.Events[0]);
    }

    [Fact]
    public async Task A_client_publishes_through_the_queue_grain()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var recorder = new Recorder();
        await cluster.StreamInSilo("a").SubscribeAsync(recorder);

        await cluster.StreamInClient("a").OnNextAsync(new TestEvent(0, 1));

        await recorder.HasEventsAsync(1);
    }
}
