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
/// Deletes rows of dead processes from the database: the subscriptions of dead front ends, the directory entries of dead silos, and the
/// rehearsals of nodes that were killed during their start and did not come back. Orleans removes a subscriber only after a delivery to it
/// has failed, and nothing is published to a dead front end once its leases have expired. Orleans deletes directory entries only for a
/// death that it learns of, and not while the database is away. Every silo runs the same statements; it does not matter which is first.
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
            // A random delay keeps silos that start together from running the statements at the same time.
            await Task.Delay(_period * Random.Shared.NextDouble(), time, stoppingToken);
            using var timer = new PeriodicTimer(_period, time);
            do
                await DeleteRows(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (Exception) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the other silos continue.
        }
    }

    private async Task DeleteRows(CancellationToken cancellationToken)
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
            LogFailed(e);
        }
    }

    /// <summary>Removes them through Orleans, so that the stream's agent forgets them in its memory too.</summary>
    private async Task RemoveSubscriptions(string front)
    {
        if (!streams.TryGetStreamSubscriptionManager(out var subscriptions))
            return;
        var stream = ThreadStreams.ForFront(front);
        foreach (var subscription in await subscriptions.GetSubscriptions(ThreadStreams.BetweenProcesses, stream))
            await subscriptions.RemoveSubscription(ThreadStreams.BetweenProcesses, stream, subscription.SubscriptionId);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The rows of dead processes could not be deleted now; it is tried again.")]
    private partial void LogFailed(Exception exception);
}
