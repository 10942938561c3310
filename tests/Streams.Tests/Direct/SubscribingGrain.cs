using Orleans.Streams;

namespace CodexOrleans.Streams.Tests.Direct;

public sealed class SubscribingGrain : Grain, ISubscribingGrain
{
    public async Task<string> Subscribe(string provider) =>
        (await Assert.ThrowsAsync<NotSupportedException>(() => Stream(provider).SubscribeAsync(new Recorder()))).Message;

    public Task Publish(string provider, TestEvent item) => Stream(provider).OnNextAsync(item);

    private IAsyncStream<TestEvent> Stream(string provider) =>
        this.GetStreamProvider(provider).GetStream<TestEvent>(StreamId.Create("test", this.GetPrimaryKeyString()));
}
