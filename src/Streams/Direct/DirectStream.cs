using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>One stream as its publisher and its subscriber see it. It has no state: the provider has the subscription.</summary>
internal sealed class DirectStream<T>(DirectStreamProvider provider, StreamId id, IAsyncStream<T>? remote) : IAsyncStream<T>
{
    public bool IsRewindable => false;

    public string ProviderName => provider.Name;

    public StreamId StreamId => id;

    /// <summary>Never waits for a subscriber of this process. Without any subscriber the event is gone.</summary>
    public Task OnNextAsync(T item, StreamSequenceToken? token = null)
    {
        RejectToken(token);
        if (provider.Find<T>(id) is not { } subscription)
            return remote?.OnNextAsync(item) ?? Task.CompletedTask;
        subscription.Publish(item);
        return Task.CompletedTask;
    }

    /// <inheritdoc cref="OnNextAsync"/>
    public Task OnNextBatchAsync(IEnumerable<T> batch, StreamSequenceToken? token = null)
    {
        RejectToken(token);
        if (provider.Find<T>(id) is not { } subscription)
            return remote?.OnNextBatchAsync(batch) ?? Task.CompletedTask;
        subscription.Publish(batch);
        return Task.CompletedTask;
    }

    public Task OnCompletedAsync() =>
        throw new NotSupportedException($"A stream of provider '{provider.Name}' has no end. Publish an event that says so.");

    public Task OnErrorAsync(Exception ex) =>
        throw new NotSupportedException(
            $"A stream of provider '{provider.Name}' carries events only. Publish an event that tells of the failure.");

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer) => SubscribeAsync(observer, null);

    public async Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token)
    {
        RejectToken(token);
        if (TaskScheduler.Current != TaskScheduler.Default)
        {
            throw new NotSupportedException(
                $"Provider '{provider.Name}' calls its subscribers on the publishers' threads, and a grain must not be called so. "
                + "Subscribe outside grains, or use another provider.");
        }
        var subscription = new DirectSubscription<T>(observer, provider.Options);
        // The local subscription comes first: events of this process then arrive at once, those of others when the cluster knows of it.
        provider.Add(id, subscription);
        try
        {
            var remoteHandle = remote is null ? null : await remote.SubscribeAsync(subscription).ConfigureAwait(false);
            return subscription.Handle = new DirectSubscriptionHandle<T>(provider, id, subscription, remoteHandle);
        }
        catch
        {
            provider.Remove(id, subscription);
            subscription.End();
            throw;
        }
    }

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(IAsyncObserver<T> observer) => SubscribeAsync(new SingleItems<T>(observer));

    public Task<StreamSubscriptionHandle<T>> SubscribeAsync(
        IAsyncObserver<T> observer, StreamSequenceToken? token, string? filterData = null) =>
        filterData is null
            ? SubscribeAsync(new SingleItems<T>(observer), token)
            : throw new NotSupportedException($"Provider '{provider.Name}' has no filters; the subscriber gets every event of its stream.");

    /// <summary>The subscription of this process, if there is one. Others cannot be listed: a subscription ends with its process.</summary>
    public Task<IList<StreamSubscriptionHandle<T>>> GetAllSubscriptionHandles() =>
        Task.FromResult<IList<StreamSubscriptionHandle<T>>>(provider.Find<T>(id)?.Handle is { } handle ? [handle] : []);

    public bool Equals(IAsyncStream<T>? other) =>
        other is DirectStream<T> && id.Equals(other.StreamId) && provider.Name == other.ProviderName;

    public override bool Equals(object? obj) => Equals(obj as IAsyncStream<T>);

    public override int GetHashCode() => id.GetHashCode();

    public int CompareTo(IAsyncStream<T>? other) => other is null ? 1 : id.CompareTo(other.StreamId);

    private void RejectToken(StreamSequenceToken? token)
    {
        if (token is not null)
        {
            throw new NotSupportedException(
                $"Provider '{provider.Name}' keeps no history and numbers no events; publish and subscribe without a token.");
        }
    }
}
