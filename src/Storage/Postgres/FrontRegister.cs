using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>
/// The cluster's front ends that live. One that was killed tells nobody: it is known by its silence, and what was kept for it is removed.
/// </summary>
public sealed class FrontRegister(NpgsqlDataSource database)
{
    /// <summary>How often a front end is to <see cref="Sign"/>.</summary>
    public static readonly TimeSpan SignPeriod = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Silence after which a front end counts as gone. By then no thread has published to it for a minute: its leases are shorter.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const string EnterSql = "INSERT INTO front_ends (name, seen_at) VALUES ($1, now()) ON CONFLICT (name) DO UPDATE SET seen_at = now()";
    private const string SignSql = "UPDATE front_ends SET seen_at = now() WHERE name = $1";

    /// <summary>Begins the life of a front end. Before it subscribes to its stream, so that nothing is kept for one that is not in here.</summary>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public async Task Enter(string name, CancellationToken cancellationToken) => await Execute(EnterSql, name, cancellationToken);

    /// <summary>Says that the front end lives.</summary>
    /// <returns>
    /// False when it was silent for so long that it has been taken for dead. What was kept for it is gone or about to go, so that it has to
    /// take another name.
    /// </returns>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public async Task<bool> Sign(string name, CancellationToken cancellationToken) => await Execute(SignSql, name, cancellationToken) > 0;

    private async Task<int> Execute(string sql, string name, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter { Value = name });
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw PostgresFaults.ToStorageException(e, $"{new NpgsqlConnectionStringBuilder(database.ConnectionString).Host}");
        }
    }
}
