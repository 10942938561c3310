using CodexOrleans.Grains;
using CodexOrleans.Storage.Postgres.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Streams;
using Orleans.Streams.PubSub;

namespace CodexOrleans.Silo.Cluster;

/// <summary>
/// Removes from the database what is kept for those that are gone: the subscriptions of dead front ends, the places of grains on dead
/// silos, and the rehearsals of nodes that were killed during their start and did not come back. Orleans forgets a subscriber only when it
/// delivers something to it in vain, and nothing is published to a dead front end once its leases have run out. A silo that was dead before
/// the others noticed, or while the database was away, is found here. Every silo does the same, and it does not matter who is first.
/// </summary>
internal sealed partial class ClusterUpkeep(
    [FromKeyedServices(ThreadStreams.BetweenProcesses)] IStreamProvider streams,
    ClusterRemains remains,
    IGrainFactory grains,
    IOptions<ClusterOptions> cluster,
    TimeProvider time,
    ILogger<ClusterUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Not all silos at once.
            await Task.Delay(_period * Random.Shared.NextDouble(), time, stoppingToken);
            using var timer = new PeriodicTimer(_period, time);
            do
                await Forget(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops, whatever came of the last try; the others go on.
        }
    }

    private async Task Forget(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var front in await remains.FindSilentFronts(cancellationToken))
            {
                await RemoveSubscriptions(front);
                await remains.RemoveFront(
                    front, cluster.Value.ServiceId, $"{ThreadStreams.BetweenProcesses}/{ThreadStreams.Fronts}/", cancellationToken);
            }

            await remains.RemoveGrainsOf(cluster.Value.ClusterId, (int)SiloStatus.Dead, cancellationToken);
            // A rehearsal takes less than a second, and the node that began it removes it.
            foreach (var thread in await remains.FindOldThreads(RehearsalThreads.Least, RehearsalThreads.Greatest, cancellationToken))
                await grains.GetGrain<IThreadGrain>(thread).ForgetRehearsal();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogPutOff(e);
        }
    }

    /// <summary>Also in the memory of the stream's agent.</summary>
    private async Task RemoveSubscriptions(string front)
    {
        if (!streams.TryGetStreamSubscriptionManager(out var subscriptions))
            return;
        var stream = ThreadStreams.ForFront(front);
        foreach (var subscription in await subscriptions.GetSubscriptions(ThreadStreams.BetweenProcesses, stream))
            await subscriptions.RemoveSubscription(ThreadStreams.BetweenProcesses, stream, subscription.SubscriptionId);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What is kept for those that are gone could not be removed now; it is tried again.")]
    private partial void LogPutOff(Exception exception);
}
