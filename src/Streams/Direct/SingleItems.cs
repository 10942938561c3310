using Orleans.Streams;

namespace CodexOrleans.Streams.Direct;

/// <summary>Gives a subscriber of single events each event of a batch.</summary>
internal sealed class SingleItems<T>(IAsyncObserver<T> observer) : IAsyncBatchObserver<T>
{
    public async Task OnNextAsync(IList<SequentialItem<T>> items)
    {
        foreach (var item in items)
            await observer.OnNextAsync(item.Item, item.Token);
    }

    public Task OnCompletedAsync() => observer.OnCompletedAsync();

    public Task OnErrorAsync(Exception ex) => observer.OnErrorAsync(ex);
}
