using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>Ends a subscription in this process, and the one through which other processes reach it.</summary>
internal sealed class DirectSubscriptionHandle<T>(
    DirectStreamProvider provider, StreamId id, DirectSubscription<T> subscription, StreamSubscriptionHandle<T>? remote)
    : StreamSubscriptionHandle<T>
{
    private readonly Guid _handleId = remote?.HandleId ?? Guid.NewGuid();

    public override StreamId StreamId => id;

    public override string ProviderName => provider.Name;

    public override Guid HandleId => _handleId;

    public override Task UnsubscribeAsync()
    {
        provider.Remove(id, subscription);
        subscription.End();
        return remote?.UnsubscribeAsync() ?? Task.CompletedTask;
    }

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncObserver<T> observer, StreamSequenceToken? token = null) =>
        throw NotResumable();

    public override Task<StreamSubscriptionHandle<T>> ResumeAsync(IAsyncBatchObserver<T> observer, StreamSequenceToken? token = null) =>
        throw NotResumable();

    public override bool Equals(StreamSubscriptionHandle<T>? other) => other is DirectSubscriptionHandle<T> && other.HandleId == HandleId;

    public override bool Equals(object? obj) => Equals(obj as StreamSubscriptionHandle<T>);

    public override int GetHashCode() => HandleId.GetHashCode();

    private NotSupportedException NotResumable() =>
        new($"A subscription of provider '{provider.Name}' cannot be resumed: it keeps no history. Unsubscribe, and subscribe again.");
}
