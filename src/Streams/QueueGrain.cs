using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>
/// A queue in memory. Reentrant, so that producers add events while the agent waits for some; placed on the caller's silo, which is that
/// of the agent when the agent calls first.
/// </summary>
[Reentrant, PreferLocalPlacement]
internal sealed class QueueGrain : Grain, IQueueGrain, IDisposable
{
    private static readonly TimeSpan _longestWaitWhileStopping = TimeSpan.FromMilliseconds(100);

    private readonly EventQueue _queue;
    private readonly CancellationTokenRegistration _stopping;

    public QueueGrain(
        IGrainContext context,
        IOptionsMonitor<PushStreamOptions> options,
        IHostApplicationLifetime host,
        IServiceProvider services)
    {
        var key = context.GrainId.Key.ToString()!;
        var provider = key[..key.LastIndexOf('/')];
        _queue = new EventQueue(key, options.Get(provider), PushQueueAdapterFactory.TimeProviderOf(services, provider));

        // Orleans deactivates a grain only when none of its requests runs, so an agent's wait would delay the stop and with it the stream.
        // The host's signal comes earlier and ends the wait. Agents of other silos call again until the grain is gone, so later waits are
        // short but not zero.
        _stopping = host.ApplicationStopping.Register(() => _queue.ShortenWaits(_longestWaitWhileStopping));
    }

    public static string KeyOf(string provider, QueueId queue) => $"{provider}/{queue.GetNumericId()}";

    public Task Enqueue(PushBatchContainer batch)
    {
        _queue.Add(batch);
        return Task.CompletedTask;
    }

    public Task<PushBatchContainer[]> Dequeue(Guid reader, int maxBatches, TimeSpan wait, CancellationToken cancellationToken) =>
        _queue.TakeAsync(reader, maxBatches, wait, cancellationToken);

    public void Dispose() => _stopping.Dispose();
}
