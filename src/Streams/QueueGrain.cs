using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>
/// Reentrant, so that events come in while the agent waits; preferring the local silo, so that it lives with the agent, its steadiest caller.
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

        // Orleans calls OnDeactivateAsync only when no request runs, so a waiting agent would hold this grain, and with it the stream, until
        // its wait is over. The host tells earlier. Agents on other silos come back until the grain is gone: not in a hot loop.
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
