using Orleans.Configuration;
using Orleans.Streams;

namespace CodexOrleans.Streams.Tests;

/// <summary>
/// All streams share one queue here, so that every one of them could wait for every other. Broken and healthy consumers of one stream are
/// in different clients: Orleans gives the subscriptions that one client has on one stream their turns one after the other.
/// </summary>
public class IsolationSpecs
{
    private const int Events = 300;

    [Fact]
    public async Task A_consumer_that_hangs_for_ever_stops_nobody_else()
    {
        await using var cluster = await PushStreamCluster.StartAsync(options => options.QueueCount = 1);
        var hang = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hanging = new Recorder { OnDelivery = _ => hang.Task };

        await OthersGetEverythingBesideAsync(cluster, hanging);

        Assert.Empty(hanging.Events);
        hang.SetResult();
    }

    [Fact]
    public async Task A_consumer_that_always_throws_stops_nobody_else()
    {
        await using var cluster = await PushStreamCluster.StartAsync(options => options.QueueCount = 1);
        var throwing = new Recorder { OnDelivery = _ => throw new InvalidOperationException("broken consumer") };

        await OthersGetEverythingBesideAsync(cluster, throwing);

        Assert.Empty(throwing.Events);
    }

    [Fact]
    public async Task A_consumer_that_always_throws_is_told_of_the_failure_and_gets_later_events()
    {
        await using var cluster = await PushStreamCluster.StartAsync(
            options => options.DeliveryTimeout = TimeSpan.FromMilliseconds(1));
        var recorder = new Recorder();
        recorder.OnDelivery = events =>
            events.Any(item => item.Number == 0) ? throw new InvalidOperationException("broken consumer") : Task.CompletedTask;
        var stream = cluster.StreamInSilo("a");
        await stream.SubscribeAsync(recorder);

        await stream.OnNextAsync(new TestEvent(0, 0));
        await recorder.HasErrorsAsync(1);
        await stream.OnNextAsync(new TestEvent(0, 1));

        await recorder.HasEventsAsync(1);
        Assert.Equal(1, recorder.Events[0].Number);
        Assert.IsType<StreamEventDeliveryFailureException>(recorder.Errors[0]);
    }

    [Fact]
    public async Task A_dead_client_stops_nobody_else()
    {
        await using var cluster = await PushStreamCluster.StartAsync(
            options => options.QueueCount = 1,
            configureSilo: silo => silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(2)));
        var (dead, same, other) = (new Recorder(), new Recorder(), new Recorder());
        await cluster.StreamInClient("same").SubscribeAsync(dead);
        await cluster.StreamInSilo("same").SubscribeAsync(same);
        await cluster.StreamInSilo("other").SubscribeAsync(other);
        await cluster.StreamInSilo("same").OnNextAsync(new TestEvent(0, 0));
        await cluster.StreamInSilo("other").OnNextAsync(new TestEvent(0, 0));
        await Task.WhenAll(dead.HasEventsAsync(1), same.HasEventsAsync(1), other.HasEventsAsync(1));

        await cluster.Cluster.KillClientAsync();
        for (var number = 1; number < Events; number++)
        {
            await cluster.StreamInSilo("same").OnNextAsync(new TestEvent(0, number));
            await cluster.StreamInSilo("other").OnNextAsync(new TestEvent(0, number));
        }

        await Task.WhenAll(same.HasEventsAsync(Events), other.HasEventsAsync(Events));
        Assert.Equal(Enumerable.Range(0, Events), same.Events.Select(item => item.Number));
        Assert.Equal(Enumerable.Range(0, Events), other.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task A_consumer_that_lags_too_far_gets_a_miss_and_then_live_events()
    {
        await using var cluster = await PushStreamCluster.StartAsync(options => options.MaxLagEvents = 20);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lagging = new Recorder
        {
            OnDelivery = _ =>
            {
                entered.TrySetResult();
                return release.Task;
            },
        };
        var healthy = new Recorder();
        var stream = cluster.StreamInSilo("a");
        await cluster.StreamInClient("a").SubscribeAsync(lagging);
        await stream.SubscribeAsync(healthy);
        await stream.OnNextAsync(new TestEvent(0, 0));
        await entered.Task.WaitAsync(TestContext.Current.CancellationToken);

        for (var number = 1; number <= 100; number++)
        {
            await stream.OnNextAsync(new TestEvent(0, number));
            await healthy.HasEventsAsync(number + 1);
        }

        release.SetResult();
        await lagging.HasErrorsAsync(1);
        await stream.OnNextAsync(new TestEvent(0, 101));

        await lagging.HasEventAsync(new TestEvent(0, 101));
        Assert.IsType<QueueCacheMissException>(Assert.Single(lagging.Errors));
        Assert.Equal([0, 101], lagging.Events.Select(item => item.Number));
        Assert.Equal(Enumerable.Range(0, 101), healthy.Events.Select(item => item.Number).Take(101));
        Assert.Empty(healthy.Errors);
    }

    private static async Task OthersGetEverythingBesideAsync(PushStreamCluster cluster, Recorder broken)
    {
        var (same, other) = (new Recorder(), new Recorder());
        await cluster.StreamInClient("same").SubscribeAsync(broken);
        await cluster.StreamInSilo("same").SubscribeAsync(same);
        await cluster.StreamInSilo("other").SubscribeAsync(other);

        for (var number = 0; number < Events; number++)
        {
            await cluster.StreamInSilo("same").OnNextAsync(new TestEvent(0, number));
            await cluster.StreamInSilo("other").OnNextAsync(new TestEvent(0, number));
        }

        await Task.WhenAll(same.HasEventsAsync(Events), other.HasEventsAsync(Events));
        Assert.Equal(Enumerable.Range(0, Events), same.Events.Select(item => item.Number));
        Assert.Equal(Enumerable.Range(0, Events), other.Events.Select(item => item.Number));
    }
}
