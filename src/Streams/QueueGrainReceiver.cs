using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>Long-polls a queue grain for its agent.</summary>
internal sealed class QueueGrainReceiver(IQueueGrain queue, TimeSpan pollWait) : IQueueAdapterReceiver
{
    private readonly Guid _id = Guid.NewGuid();

    public Task Initialize(TimeSpan timeout) => Task.CompletedTask;

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) => GetQueueMessagesAsync(maxCount, CancellationToken.None);

    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken)
    {
        try
        {
            return await queue.Dequeue(_id, maxCount, pollWait, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The agent or the grain is stopping. An agent that is not reads again.
            return [];
        }
    }

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    public Task Shutdown(TimeSpan timeout) => Task.CompletedTask;
}
