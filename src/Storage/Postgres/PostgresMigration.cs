using System.Runtime.ExceptionServices;
using DbUp;
using DbUp.Postgresql;
using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>
/// Brings the schema up to this binary's, script by script. Servers that start at the same time wait for each other. While a cluster is
/// upgraded, nodes of the version before run, and start again, on the newer schema: scripts only add to what is there. One that cannot has
/// a name that ends in <see cref="Breaking"/>, and older nodes must be stopped for it.
/// </summary>
internal static class PostgresMigration
{
    private const string Journal = "schema_versions";
    private const string Breaking = ".breaking";
    private const string Scripts = "CodexOrleans.Storage.Postgres.Migrations.";

    // Any number that nobody else uses in this database.
    private const long Lock = 0x636f646578;

    /// <returns>Scripts of a newer version, which this binary does not know and can live with.</returns>
    /// <exception cref="StorageException">The schema is newer than this binary, and has broken with what it knows.</exception>
    public static async Task<IReadOnlyList<string>> Run(PostgresDatabase database, CancellationToken cancellationToken)
    {
        await using var source = database.CreateMigrationSource();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await Execute(connection, $"SELECT pg_advisory_lock({Lock})", cancellationToken);
        try
        {
            return Upgrade(database, source);
        }
        finally
        {
            // On the server this ends with the connection as well, a little later.
            await Execute(connection, $"SELECT pg_advisory_unlock({Lock})", CancellationToken.None);
        }
    }

    private static List<string> Upgrade(PostgresDatabase database, NpgsqlDataSource source)
    {
        var upgrade = DeployChanges.To.PostgresqlDatabase(new PostgresqlConnectionManager(source))
            .WithScripts(EmbeddedScripts.Read(Scripts))
            .JournalToPostgresqlTable(null, Journal)
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build();
        var unknown = upgrade.GetExecutedButNotDiscoveredScripts();
        if (unknown.Find(script => script.EndsWith(Breaking, StringComparison.Ordinal)) is { } breaking)
            throw new StorageException(StorageFault.TooNew, $"The database at {database.Server} was written by a newer version of this " +
                $"server (schema '{breaking}' is unknown here). Run that version, or restore a backup from before the upgrade.");
        if (upgrade.IsUpgradeRequired() && upgrade.PerformUpgrade() is { Successful: false, Error: { } error })
            ExceptionDispatchInfo.Throw(error);
        return unknown;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
