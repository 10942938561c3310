using CodexOrleans.Grains;
using CodexOrleans.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
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
    NpgsqlDataSource database,
    IGrainFactory grains,
    IOptions<ClusterOptions> cluster,
    TimeProvider time,
    ILogger<ClusterUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(15);

    private const string SilentFrontsSql = "SELECT name FROM front_ends WHERE seen_at < now() - $1";

    // Orleans keeps the row of a stream without subscribers, because its producers do not unregister.
    private const string DeleteFrontSql =
        """
        WITH gone AS (DELETE FROM front_ends WHERE name = $1 AND seen_at < now() - $2 RETURNING name)
        DELETE FROM grain_states USING gone WHERE service = $3 AND key_extension = $4 || gone.name
        """;

    private const string DeleteDirectoryEntriesSql =
        """
        DELETE FROM grain_directory USING cluster_silos s
        WHERE s.cluster = $1 AND s.status = $2 AND silo = s.address || ':' || s.port || '@' || s.generation
        """;

    // A rehearsal takes less than a second, and the node that began it removes it. Its age counts and not its last change, because the end
    // of a lost turn is a change too.
    private const string LeftRehearsalsSql =
        """
        SELECT id FROM threads
        WHERE id BETWEEN $1 AND $2 AND created_at < extract(epoch FROM now() - interval '1 minute') * 1000
        """;

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
            foreach (var front in await Find(SilentFrontsSql, row => row.GetString(0), cancellationToken, FrontRegister.Patience))
            {
                await RemoveSubscriptions(front);
                await Execute(
                    DeleteFrontSql,
                    cancellationToken,
                    front,
                    FrontRegister.Patience,
                    cluster.Value.ServiceId,
                    $"{ThreadStreams.BetweenProcesses}/{ThreadStreams.Fronts}/");
            }

            await Execute(DeleteDirectoryEntriesSql, cancellationToken, cluster.Value.ClusterId, (int)SiloStatus.Dead);
            var rehearsals = await Find(
                LeftRehearsalsSql, row => row.GetGuid(0), cancellationToken, RehearsalThreads.Least, RehearsalThreads.Greatest);
            foreach (var thread in rehearsals)
                await grains.GetGrain<IThreadGrain>(thread).ForgetRehearsal();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(e);
        }
    }

    private async Task<IReadOnlyList<T>> Find<T>(
        string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(sql, values);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<T>();
        while (await row.ReadAsync(cancellationToken))
            found.Add(read(row));
        return found;
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

    private async Task Execute(string sql, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(sql, values);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The rows of dead processes could not be deleted now; it is tried again.")]
    private partial void LogFailed(Exception exception);
}
