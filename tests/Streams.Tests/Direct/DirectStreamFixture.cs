using CodexOrleans.Streams.Direct;
using Orleans.Streams;

namespace CodexOrleans.Streams.Tests.Direct;

/// <summary>One stream of a provider that is all there is: no silo, no other process.</summary>
internal sealed class DirectStreamFixture(DirectStreamOptions? options = null)
{
    private readonly DirectStreamProvider _provider = new("direct", remote: null, options ?? new DirectStreamOptions());

    public IAsyncStream<TestEvent> Stream => StreamOf("a");

    public IAsyncStream<TestEvent> StreamOf(string key) => _provider.GetStream<TestEvent>(StreamId.Create("test", key));

    /// <summary>Publishes events of producer 0; none may wait for anybody.</summary>
    public void Publish(params IEnumerable<int> numbers)
    {
        foreach (var number in numbers)
            Assert.True(Stream.OnNextAsync(new TestEvent(0, number)).IsCompletedSuccessfully);
    }
}
