using CodexOrleans.TestSupport;
using Orleans.Configuration;

namespace CodexOrleans.Streams.Tests;

public class ShutdownSpecs
{
    private readonly Guid _reader = Guid.NewGuid();

    [Fact]
    public async Task A_silo_stops_although_a_consumer_hangs()
    {
        await using var cluster = await PushStreamCluster.StartAsync(
            configureSilo: silo => silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(1)));
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hanging = new Recorder
        {
            OnDelivery = _ =>
            {
                entered.TrySetResult();
                return hang.Task;
            },
        };
        await cluster.StreamInClient("a").SubscribeAsync(hanging);
        await cluster.StreamInSilo("a").OnNextAsync(new TestEvent(0, 0));
        await entered.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[0], TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        hang.SetResult();
    }

    [Fact]
    public async Task After_a_silo_shuts_down_its_streams_continue_on_the_other()
    {
        await using var cluster = await PushStreamCluster.StartAsync(silos: 2);
        var keys = Enumerable.Range(0, 16).Select(i => $"moving-{i}").ToList();
        var recorders = keys.ToDictionary(key => key, _ => new Recorder());
        foreach (var key in keys)
        {
            await cluster.StreamInSilo(key).SubscribeAsync(recorders[key]);
            await cluster.StreamInSilo(key).OnNextAsync(new TestEvent(0, 0));
        }

        await Task.WhenAll(recorders.Values.Select(recorder => recorder.HasEventsAsync(1)));

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1], TestContext.Current.CancellationToken);
        // The live path promises no more than to go on: what is published while a queue moves can be lost, and the log has it.
        var number = 0;
        await Condition.Becomes(async () =>
        {
            number++;
            foreach (var key in keys)
                await cluster.StreamInSilo(key).OnNextAsync(new TestEvent(1, number));
            return recorders.Values.All(recorder => recorder.Events.Any(e => e.Producer == 1));
        });
        foreach (var key in keys)
            await cluster.StreamInSilo(key).OnNextAsync(new TestEvent(2, 0));

        foreach (var recorder in recorders.Values)
        {
            await recorder.HasEventAsync(new TestEvent(2, 0));
            var after = recorder.Events.Where(e => e.Producer == 1).Select(e => e.Number).ToList();
            Assert.Equal(Enumerable.Range(after[0], number - after[0] + 1), after);
        }
    }

    [Fact]
    public async Task A_silo_that_stops_releases_whoever_waits_at_its_queue_grains()
    {
        await using var cluster = await PushStreamCluster.StartAsync();
        var grain = cluster.Cluster.Client.GetGrain<IQueueGrain>($"{PushStreamCluster.Provider}/4711");
        var waiting = grain.Dequeue(_reader, 10, TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        await grain.Enqueue(BatchOf(new TestEvent(0, 0)));
        Assert.Single(await waiting);
        waiting = grain.Dequeue(_reader, 10, TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        // One that came later has been answered: the one before waits at the grain, and is not on its way.
        Assert.Empty(await grain.Dequeue(_reader, 10, TimeSpan.Zero, TestContext.Current.CancellationToken));

        var stopping = cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[0], TestContext.Current.CancellationToken);

        Assert.Empty(await waiting);
        await stopping;
    }

    private static PushBatchContainer BatchOf(params object[] events) => new(StreamId.Create("test", "a"), events, 0);
}
