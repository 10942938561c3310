namespace CodexOrleans.Streams.Tests;

public class DeliverySpecs
{
    [Theory]
    [InlineData(PushStreamPath.InProcess)]
    [InlineData(PushStreamPath.QueueGrain)]
    public async Task Events_of_many_producers_arrive_once_and_in_each_producers_order(PushStreamPath path)
    {
        await using var cluster = await PushStreamCluster.StartAsync(path);
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

    [Theory]
    [InlineData(PushStreamPath.InProcess)]
    [InlineData(PushStreamPath.QueueGrain)]
    public async Task The_first_events_of_many_new_streams_all_arrive_in_order(PushStreamPath path)
    {
        await using var cluster = await PushStreamCluster.StartAsync(path, options => options.QueueCount = 2);
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
}
