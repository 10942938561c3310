using System.Collections.Concurrent;
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
        var reads = new ConcurrentDictionary<string, int>();
        await using var cluster = await PushStreamCluster.StartAsync(configureSilo: silo =>
        {
            silo.Services.AddKeyedSingleton<TimeProvider>(PushStreamCluster.Provider, time);
            silo.AddIncomingGrainCallFilter(call =>
            {
                if (call is { Grain: QueueGrain, MethodName: nameof(IQueueGrain.Dequeue) })
                    reads.AddOrUpdate(call.TargetId.Key.ToString()!, 1, (_, count) => count + 1);
                return call.Invoke();
            });
        });
        var recorder = new Recorder();
        var stream = cluster.StreamInSilo("a");
        await stream.SubscribeAsync(recorder);

        for (var number = 0; number < 20; number++)
        {
            await stream.OnNextAsync(new TestEvent(0, number));
            await recorder.HasEventsAsync(number + 1);
        }

        Assert.InRange(reads[cluster.QueueOf("a")], 20, 21);
        Assert.All(reads, queue => Assert.True(queue.Key == cluster.QueueOf("a") || queue.Value == 1, $"{queue}"));
    }
}
