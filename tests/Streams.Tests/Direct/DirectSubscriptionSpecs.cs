using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace CodexOrleans.Streams.Tests.Direct;

public class DirectSubscriptionSpecs
{
    private readonly DirectStreamFixture _fixture = new();

    [Fact]
    public async Task A_second_subscriber_in_the_same_process_is_refused_and_the_first_one_stays()
    {
        var (first, second) = (new Recorder(), new Recorder());
        await _fixture.Stream.SubscribeAsync(first);

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => _fixture.Stream.SubscribeAsync(second));
        _fixture.Publish(1);

        Assert.Contains("'test/a'", refusal.Message);
        Assert.Contains("has a subscriber in this process already", refusal.Message);
        Assert.Single(first.Events);
        Assert.Empty(second.Events);
    }

    [Fact]
    public async Task After_unsubscribing_nothing_comes_and_a_new_subscription_gets_new_events()
    {
        var (first, second) = (new Recorder(), new Recorder());
        var subscription = await _fixture.Stream.SubscribeAsync(first);
        _fixture.Publish(0);

        await subscription.UnsubscribeAsync();
        _fixture.Publish(1);
        await _fixture.Stream.SubscribeAsync(second);
        await subscription.UnsubscribeAsync();
        _fixture.Publish(2);

        Assert.Equal(0, Assert.Single(first.Events).Number);
        Assert.Equal(2, Assert.Single(second.Events).Number);
    }

    [Fact]
    public async Task What_waits_when_a_subscriber_leaves_does_not_come_any_more()
    {
        var gate = new Gate();
        var (first, second) = (new Recorder { OnDelivery = gate.Pass }, new Recorder());
        var subscription = await _fixture.Stream.SubscribeAsync(first);
        _fixture.Publish(0, 1, 2);

        await subscription.UnsubscribeAsync();
        await _fixture.Stream.SubscribeAsync(second);
        _fixture.Publish(3);
        gate.Open();

        await first.HasEventsAsync(1);
        Assert.Equal([0], first.Events.Select(item => item.Number));
        Assert.Equal([3], second.Events.Select(item => item.Number));
    }

    [Fact]
    public async Task The_subscription_of_this_process_is_listed_until_it_ends()
    {
        Assert.Empty(await _fixture.Stream.GetAllSubscriptionHandles());
        var subscription = await _fixture.Stream.SubscribeAsync(new Recorder());

        Assert.Equal(subscription, Assert.Single(await _fixture.Stream.GetAllSubscriptionHandles()));

        await subscription.UnsubscribeAsync();
        Assert.Empty(await _fixture.Stream.GetAllSubscriptionHandles());
    }

    [Fact]
    public async Task Tokens_filters_and_ends_are_refused_because_no_history_is_kept()
    {
        var stream = _fixture.Stream;
        var token = new EventSequenceTokenV2(1);
        var item = new TestEvent(0, 1);
        var subscription = await stream.SubscribeAsync(new Recorder());

        await Refused(() => stream.OnNextAsync(item, token));
        await Refused(() => stream.OnNextBatchAsync([item], token));
        await Refused(() => stream.SubscribeAsync(new Recorder(), token));
        await Refused(() => stream.SubscribeAsync((_, _) => Task.CompletedTask, token));
        await Refused(() => stream.SubscribeAsync(new SingleObserver(), token: null, filterData: "filter"));
        await Refused(() => subscription.ResumeAsync(new Recorder()));
        await Refused(() => stream.OnCompletedAsync());
        await Refused(() => stream.OnErrorAsync(new InvalidOperationException()));

        static async Task Refused(Func<Task> act) => Assert.Contains("'direct'", (await Assert.ThrowsAsync<NotSupportedException>(act)).Message);
    }

    [Fact]
    public async Task A_grain_that_subscribes_is_told_why_it_cannot()
    {
        await using var cluster = await DirectStreamCluster.StartAsync(silos: 1);
        var grain = cluster.Cluster.Client.GetGrain<ISubscribingGrain>("a");

        Assert.Contains("Subscribe outside grains", await grain.Subscribe(DirectStreamCluster.Provider));

        var recorder = new Recorder();
        await cluster.Stream("a", silo: 0).SubscribeAsync(recorder);
        await grain.Publish(DirectStreamCluster.Provider, new TestEvent(0, 1));
        await recorder.HasEventsAsync(1);
    }

    private sealed class SingleObserver : IAsyncObserver<TestEvent>
    {
        public Task OnNextAsync(TestEvent item, StreamSequenceToken? token = null) => Task.CompletedTask;

        public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
    }
}
