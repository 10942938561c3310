using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>Hands a queue of this process to its agent: sleeps until an event comes, never polls.</summary>
internal sealed class LocalQueueReceiver(EventQueue queue, TimeSpan pollWait) : IQueueAdapterReceiver
{
    private readonly Guid _id = Guid.NewGuid();

    public Task Initialize(TimeSpan timeout) => Task.CompletedTask;

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) => GetQueueMessagesAsync(maxCount, CancellationToken.None);

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken) =>
        await queue.TakeAsync(_id, maxCount, pollWait, cancellationToken);

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    public Task Shutdown(TimeSpan timeout) => Task.CompletedTask;
}
