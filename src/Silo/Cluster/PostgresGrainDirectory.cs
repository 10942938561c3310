using CodexOrleans.Grains;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.GrainDirectory;

namespace CodexOrleans.Silo.Cluster;

/// <summary>
/// Where each grain is active, in the cluster's database. Orleans' own directory is spread over the silos, and when one of them goes,
/// or only restarts, the others end every grain whose entry it held, although those grains are well: their turns would end with them.
/// </summary>
/// <remarks>While the database is away callers get a <see cref="StorageUnavailableException"/>, wherever they are.</remarks>
internal sealed partial class PostgresGrainDirectory(NpgsqlDataSource database, ILogger<PostgresGrainDirectory> logger) : IGrainDirectory
{
    // Of two at once the first wins, and the other one learns who that is.
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
                RegisterSql, address.GrainId, address.GrainId.ToString(), address.ActivationId.ToParsableString(), address.SiloAddress!.ToParsableString(), address.MembershipVersion.Value);
            // None: another one's entry was in the way, and gone before it was read.
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

    /// <summary>Never fails: Orleans goes on all the same, and whoever activates the grain next replaces the entry.</summary>
    public Task Unregister(GrainAddress address) => TryExecute(UnregisterSql, address.GrainId.ToString(), address.ActivationId.ToParsableString());

    /// <summary>Never fails: Orleans would not tell of any dead silo again. <see cref="ClusterUpkeep"/> removes what is left.</summary>
    // One value, and not one for each silo, as which an array of strings would be passed.
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
        catch (Exception e) when (IsOfTheDatabase(e))
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
        catch (Exception e) when (IsOfTheDatabase(e))
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

    private static bool IsOfTheDatabase(Exception e) => e is NpgsqlException or IOException or TimeoutException;

    /// <summary>
    /// Orleans logs a stack trace for each call that it cannot address, unless the innermost cause is a key that was not found. Whoever
    /// made the call is told, and says so in a line.
    /// </summary>
    private static StorageUnavailableException Unavailable(Exception e)
    {
        var message = $"The places of grains cannot be read or written, because PostgreSQL cannot be used ({e.Message}). See that it runs; the server goes on by itself.";
        return new StorageUnavailableException(message, new KeyNotFoundException(e.Message));
    }

    private NpgsqlCommand Command(string sql, object[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Places of grains that have left could not be removed from the directory now.")]
    private partial void LogNotUnregistered(Exception exception);
}
