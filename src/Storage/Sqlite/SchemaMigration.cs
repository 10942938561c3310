using System.Runtime.ExceptionServices;
using DbUp;
using DbUp.Sqlite.Helpers;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>Brings the schema up to this binary's, script by script, each in a transaction of its own.</summary>
internal static class SchemaMigration
{
    private const string Journal = "schema_versions";
    private const string Scripts = "CodexOrleans.Storage.Sqlite.Migrations.";

    /// <exception cref="StorageException">The schema is newer than this binary.</exception>
    public static void Run(SqliteConnection connection, string file)
    {
        using var shared = new SharedConnection(connection);
        var upgrade = DeployChanges.To.SqliteDatabase(shared)
            .WithScripts(EmbeddedScripts.Read(Scripts))
            .JournalToSqliteTable(Journal)
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build();

        var unknown = upgrade.GetExecutedButNotDiscoveredScripts();
        if (unknown.Count > 0)
            throw new StorageException(StorageFault.TooNew, $"The database '{file}' was written by a newer version of this server " +
                $"(schema '{unknown[^1]}' is unknown here). Run that version, or restore a backup from before the upgrade.");

        // Most starts have nothing to do, and then must not wait for a write lock.
        if (!upgrade.IsUpgradeRequired())
            return;
        if (upgrade.PerformUpgrade() is { Successful: false, Error: { } error })
            ExceptionDispatchInfo.Throw(error);
    }
}
