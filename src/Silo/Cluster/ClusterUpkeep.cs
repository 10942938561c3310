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
/// Removes from the database what is kept for those that are gone: the subscriptions of dead front ends, the places of grains on dead
/// silos, and the rehearsals of nodes that were killed during their start and did not come back. Orleans forgets a subscriber only when it
/// delivers something to it in vain, and nothing is published to a dead front end once its leases have run out. A silo that was dead before
/// the others noticed, or while the database was away, is found here. Every silo does the same, and it does not matter who is first.
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

    // Without a subscriber Orleans keeps a stream's row for the sake of its producers, which do not take themselves out.
    private const string ForgetFrontSql =
        """
        WITH gone AS (DELETE FROM front_ends WHERE name = $1 AND seen_at < now() - $2 RETURNING name)
        DELETE FROM grain_states USING gone WHERE service = $3 AND key_extension = $4 || gone.name
        """;

    private const string ForgetPlacesSql =
        """
        DELETE FROM grain_directory USING cluster_silos s
        WHERE s.cluster = $1 AND s.status = $2 AND silo = s.address || ':' || s.port || '@' || s.generation
        """;

    // A rehearsal takes less than a second, and the node that began it removes it. When it was changed last says nothing: whoever ends the
    // lost turn changes it.
    private const string LeftRehearsalsSql = "SELECT id FROM threads WHERE id BETWEEN $1 AND $2 AND created_at < extract(epoch FROM now() - interval '1 minute') * 1000";

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
            foreach (var front in await Find(SilentFrontsSql, row => row.GetString(0), cancellationToken, FrontRegister.Patience))
            {
                await RemoveSubscriptions(front);
                await Execute(ForgetFrontSql, cancellationToken, front, FrontRegister.Patience, cluster.Value.ServiceId, $"{ThreadStreams.BetweenProcesses}/{ThreadStreams.Fronts}/");
            }

            await Execute(ForgetPlacesSql, cancellationToken, cluster.Value.ClusterId, (int)SiloStatus.Dead);
            foreach (var thread in await Find(LeftRehearsalsSql, row => row.GetGuid(0), cancellationToken, RehearsalThreads.Least, RehearsalThreads.Greatest))
                await grains.GetGrain<IThreadGrain>(thread).ForgetRehearsal();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogPutOff(e);
        }
    }

    private async Task<IReadOnlyList<T>> Find<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken, params object[] values)
    {
        await using var command = Command(sql, values);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<T>();
        while (await row.ReadAsync(cancellationToken))
            found.Add(read(row));
        return found;
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

    [LoggerMessage(Level = LogLevel.Debug, Message = "What is kept for those that are gone could not be removed now; it is tried again.")]
    private partial void LogPutOff(Exception exception);
}
