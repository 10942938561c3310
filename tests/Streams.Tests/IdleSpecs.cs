using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.Streams.Tests;

public class IdleSpecs
{
    [Fact]
    public async Task An_agent_reads_once_for_each_event_and_never_while_nothing_comes()
    {
        // The provider's clock stands still, so whatever reads more often than events come would be polling.
        var time = new FakeTimeProvider();
        await using var cluster = await PushStreamCluster.StartAsync(
            PushStreamPath.InProcess,
            configureSilo: silo => silo.Services.AddKeyedSingleton<TimeProvider>(PushStreamCluster.Provider, time));
        var recorder = new Recorder();
        var stream = cluster.StreamInSilo("a");
        await stream.SubscribeAsync(recorder);

        for (var number = 0; number < 20; number++)
        {
            await stream.OnNextAsync(new TestEvent(0, number));
            await recorder.HasEventsAsync(number + 1);
        }

        var busy = cluster.LocalQueueOf("a");
        Assert.InRange(busy.Takes, 20, 21);
        Assert.All(
            cluster.MapperOf().GetAllQueues().Select(cluster.ServiceOf<LocalQueues>(PushStreamCluster.Provider).Get),
            queue => Assert.True(queue == busy || queue.Takes <= 1));
    }
}
