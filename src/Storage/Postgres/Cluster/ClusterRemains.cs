using CodexOrleans.Storage.Data;
using Npgsql;

namespace CodexOrleans.Storage.Postgres.Cluster;

/// <summary>What the database still keeps for front ends, silos and starts of nodes that are gone.</summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be used.</remarks>
public sealed class ClusterRemains(NpgsqlDataSource database)
{
    private const string SilentFrontsSql = "SELECT name FROM front_ends WHERE seen_at < now() - @patience";

    // Without a subscriber Orleans keeps a stream's row for the sake of its producers, which do not take themselves out.
    private const string RemoveFrontSql =
        """
        WITH gone AS (DELETE FROM front_ends WHERE name = @front AND seen_at < now() - @patience RETURNING name)
        DELETE FROM grain_states USING gone WHERE service = @service AND key_extension = @streams || gone.name
        """;

    private const string RemoveSilosSql =
        """
        DELETE FROM grain_directory USING cluster_silos s
        WHERE s.cluster = @cluster AND s.status = @status AND silo = s.address || ':' || s.port || '@' || s.generation
        """;

    // When a thread was changed last says nothing: whoever ends its lost turn changes it.
    private const string OldThreadsSql =
        """
        SELECT id FROM threads
        WHERE id BETWEEN @least AND @greatest AND created_at < extract(epoch FROM now() - interval '1 minute') * 1000
        """;

    /// <summary>Names of front ends that have been silent for longer than <see cref="IFrontRegister.Patience"/>.</summary>
    public Task<IReadOnlyList<string>> FindSilentFronts(CancellationToken cancellationToken) =>
        database.List<string>(SilentFrontsSql, new { patience = IFrontRegister.Patience }, cancellationToken);

    /// <summary>Removes a front end, if it is still silent, and its stream's state.</summary>
    /// <param name="service">Orleans' service id.</param>
    /// <param name="streams">What the keys of the states of front ends' streams begin with.</param>
    public Task RemoveFront(string front, string service, string streams, CancellationToken cancellationToken) =>
        database.Execute(RemoveFrontSql, new { front, patience = IFrontRegister.Patience, service, streams }, cancellationToken);

    /// <summary>Removes the grain directory's entries of all silos of a cluster that have a status.</summary>
    /// <param name="cluster">Orleans' cluster id.</param>
    /// <param name="status">As Orleans numbers it.</param>
    public Task RemoveGrainsOf(string cluster, int status, CancellationToken cancellationToken) =>
        database.Execute(RemoveSilosSql, new { cluster, status }, cancellationToken);

    /// <summary>Threads of a range of ids that were created more than a minute ago.</summary>
    public Task<IReadOnlyList<Guid>> FindOldThreads(Guid least, Guid greatest, CancellationToken cancellationToken) =>
        database.List<Guid>(OldThreadsSql, new { least, greatest }, cancellationToken);
}
