using Npgsql;

namespace CodexOrleans.Storage.Postgres.Cluster;

/// <summary>Where each grain of the cluster is active. What the values mean is up to the caller.</summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be used.</remarks>
public sealed class GrainDirectoryTable(NpgsqlDataSource database)
{
    private const string EntryNames = "activation AS Activation, silo AS Silo, membership_version AS MembershipVersion";

    // Of two at once the first wins, and the other one learns who that is.
    private const string RegisterSql =
        $"""
        WITH added AS (
            INSERT INTO grain_directory (grain, activation, silo, membership_version) VALUES (@grain, @activation, @silo, @version)
            ON CONFLICT (grain) DO NOTHING RETURNING activation, silo, membership_version
        )
        SELECT {EntryNames} FROM added
        UNION ALL
        SELECT {EntryNames} FROM grain_directory WHERE grain = @grain
        LIMIT 1
        """;

    private const string ReplaceSql =
        """
        UPDATE grain_directory SET activation = @activation, silo = @silo, membership_version = @version
        WHERE grain = @grain AND activation = @previousActivation AND silo = @previousSilo
        """;

    private const string FindSql = $"SELECT {EntryNames} FROM grain_directory WHERE grain = @grain";
    private const string RemoveSql = "DELETE FROM grain_directory WHERE grain = @grain AND activation = @activation";
    private const string RemoveSilosSql = "DELETE FROM grain_directory WHERE silo = ANY (@silos)";

    /// <summary>Adds an entry unless the grain has one.</summary>
    /// <returns>
    /// The grain's entry; null when another one's was in the way and was removed before it was read, so that a new try is due.
    /// </returns>
    public Task<GrainEntry?> Register(string grain, GrainEntry entry) => database.Find<GrainEntry>(
        RegisterSql, new { grain, activation = entry.Activation, silo = entry.Silo, version = entry.MembershipVersion });

    /// <summary>Puts an entry in the place of another one, if that is still there.</summary>
    /// <returns>Whether it was.</returns>
    public async Task<bool> Replace(string grain, GrainEntry entry, GrainEntry previous) => await database.Execute(
        ReplaceSql,
        new
        {
            grain,
            activation = entry.Activation,
            silo = entry.Silo,
            version = entry.MembershipVersion,
            previousActivation = previous.Activation,
            previousSilo = previous.Silo,
        }) > 0;

    /// <summary>The grain's entry, or null.</summary>
    public Task<GrainEntry?> Find(string grain) => database.Find<GrainEntry>(FindSql, new { grain });

    public Task Remove(string grain, string activation) => database.Execute(RemoveSql, new { grain, activation });

    /// <summary>Removes all entries of some silos.</summary>
    public Task RemoveSilos(string[] silos) => database.Execute(RemoveSilosSql, new { silos });
}

/// <summary>Where a grain is active.</summary>
public sealed record GrainEntry(string Activation, string Silo, long MembershipVersion);
