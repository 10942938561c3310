using Orleans.Configuration;

namespace CodexOrleans.Streams.Tests;

public class ShutdownSpecs
{
    [Theory]
    [ClassData(typeof(Paths))]
    public async Task A_silo_stops_although_a_consumer_hangs(PushStreamPath path)
    {
        await using var cluster = await PushStreamCluster.StartAsync(
            path,
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
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[0], TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        hang.SetResult();
    }
}
