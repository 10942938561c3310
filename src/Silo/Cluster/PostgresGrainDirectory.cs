using CodexOrleans.Grains;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.GrainDirectory;

namespace CodexOrleans.Silo.Cluster;

/// <summary>
/// The grain directory in the cluster's database: on which silo each grain is active. Orleans' own directory is spread over the silos; when
/// one of them stops or restarts, the others deactivate every grain whose entry it held, and running turns would end with them.
/// </summary>
/// <remarks>While the database is away, callers on every node get a <see cref="StorageUnavailableException"/>.</remarks>
internal sealed partial class PostgresGrainDirectory(NpgsqlDataSource database, ILogger<PostgresGrainDirectory> logger) : IGrainDirectory
{
    // Of two concurrent registrations the first wins, and the second gets the entry of the first.
    private const string RegisterSql =
        """
        WITH added AS (
            INSERT INTO grain_directory (grain, activation, silo, membership_version) VALUES ($1, $2, $3, $4)
            ON CONFLICT (grain) DO NOTHING RETURNING grain, activation, silo, membership_version
        )
        SELECT activation, silo, membership_version FROM added
        UNION ALL
        SELECT activation, silo, membership_version FROM grain_directory WHERE grain = $1
        LIMIT 1
        """;

    private const string ReplaceSql =
        "UPDATE grain_directory SET activation = $2, silo = $3, membership_version = $4 WHERE grain = $1 AND activation = $5 AND silo = $6";

    private const string LookupSql = "SELECT activation, silo, membership_version FROM grain_directory WHERE grain = $1";
    private const string UnregisterSql = "DELETE FROM grain_directory WHERE grain = $1 AND activation = $2";
    private const string UnregisterSilosSql = "DELETE FROM grain_directory WHERE silo = ANY ($1)";

    public async Task<GrainAddress?> Register(GrainAddress address)
    {
        while (true)
        {
            var registered = await Read(
                RegisterSql,
                address.GrainId,
                address.GrainId.ToString(),
                address.ActivationId.ToParsableString(),
                address.SiloAddress!.ToParsableString(),
                address.MembershipVersion.Value);
            // No row: another entry prevented the insert and was deleted before it could be read. The next attempt decides.
            if (registered is not null)
                return registered;
        }
    }

    public async Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress)
    {
        if (previousAddress is not null)
        {
            await Execute(
                ReplaceSql,
                address.GrainId.ToString(),
                address.ActivationId.ToParsableString(),
                address.SiloAddress!.ToParsableString(),
                address.MembershipVersion.Value,
                previousAddress.ActivationId.ToParsableString(),
                previousAddress.SiloAddress!.ToParsableString());
        }

        return await Register(address);
    }

    public Task<GrainAddress?> Lookup(GrainId grainId) => Read(LookupSql, grainId, grainId.ToString());

    /// <summary>Never fails: Orleans ignores the result, and the next activation of the grain replaces the entry.</summary>
    public Task Unregister(GrainAddress address) =>
        TryExecute(UnregisterSql, address.GrainId.ToString(), address.ActivationId.ToParsableString());

    /// <summary>
    /// Never fails: Orleans does not call again for these silos. <see cref="ClusterUpkeep"/> deletes the entries that remain.
    /// </summary>
    // The cast makes the array one parameter value; without it params would pass each silo as a value of its own.
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) =>
        TryExecute(UnregisterSilosSql, (object)siloAddresses.Select(silo => silo.ToParsableString()).ToArray());

    private async Task<GrainAddress?> Read(string sql, GrainId grainId, params object[] values)
    {
        try
        {
            await using var command = Command(sql, values);
            await using var row = await command.ExecuteReaderAsync();
            if (!await row.ReadAsync())
                return null;
            return new GrainAddress
            {
                GrainId = grainId,
                ActivationId = ActivationId.FromParsableString(row.GetString(0)),
                SiloAddress = SiloAddress.FromParsableString(row.GetString(1)),
                MembershipVersion = new MembershipVersion(row.GetInt64(2)),
            };
        }
        catch (Exception e) when (IsDatabaseFailure(e))
        {
            throw Unavailable(e);
        }
    }

    private async Task Execute(string sql, params object[] values)
    {
        try
        {
            await using var command = Command(sql, values);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception e) when (IsDatabaseFailure(e))
        {
            throw Unavailable(e);
        }
    }

    private async Task TryExecute(string sql, params object[] values)
    {
        try
        {
            await Execute(sql, values);
        }
        catch (StorageUnavailableException e)
        {
            LogNotUnregistered(e);
        }
    }

    private static bool IsDatabaseFailure(Exception e) => e is NpgsqlException or IOException or TimeoutException;

    /// <summary>
    /// The exception for callers. Its inner exception is a <see cref="KeyNotFoundException"/>, because Orleans otherwise logs a stack trace
    /// for each call that it cannot address; the caller logs one line.
    /// </summary>
    private static StorageUnavailableException Unavailable(Exception e)
    {
        var message = $"The grain directory cannot be read or written, because PostgreSQL cannot be used ({e.Message}). "
            + "See that it runs; the server goes on by itself.";
        return new StorageUnavailableException(message, new KeyNotFoundException(e.Message));
    }

    private NpgsqlCommand Command(string sql, object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Entries of grains that have left could not be deleted from the grain directory now.")]
    private partial void LogNotUnregistered(Exception exception);
}
