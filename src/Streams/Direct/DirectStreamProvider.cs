using System.Collections.Concurrent;
using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>
/// Streams with one subscriber each. A subscriber of this process is called by the publisher itself, without a queue, an agent or a
/// message in between; one of another process is reached through <paramref name="remote"/>.
/// </summary>
/// <param name="remote">The provider that crosses processes, or null when this process is the whole cluster.</param>
internal sealed class DirectStreamProvider(string name, IStreamProvider? remote, DirectStreamOptions options) : IStreamProvider
{
    private readonly ConcurrentDictionary<StreamId, object> _subscriptions = new();

    public string Name => name;

    public bool IsRewindable => false;

    internal DirectStreamOptions Options => options;

    public IAsyncStream<T> GetStream<T>(StreamId streamId) => new DirectStream<T>(this, streamId, remote?.GetStream<T>(streamId));

    /// <summary>The subscription of this process, or null.</summary>
    internal DirectSubscription<T>? Find<T>(StreamId stream) =>
        _subscriptions.TryGetValue(stream, out var subscription) ? (DirectSubscription<T>)subscription : null;

    /// <exception cref="InvalidOperationException">The stream has its subscriber already.</exception>
    internal void Add<T>(StreamId stream, DirectSubscription<T> subscription)
    {
        if (!_subscriptions.TryAdd(stream, subscription))
        {
            throw new InvalidOperationException(
                $"Stream '{stream}' of provider '{name}' has a subscriber in this process already; it takes no second one.");
        }
    }

    internal void Remove<T>(StreamId stream, DirectSubscription<T> subscription) =>
        _subscriptions.TryRemove(KeyValuePair.Create(stream, (object)subscription));
}
