using Dapper;
using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>Statements beside the writer's: each on a connection of the pool.</summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be used.</remarks>
internal static class PoolQueries
{
    public static async Task<T> Use<T>(
        this NpgsqlDataSource pool, Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await pool.OpenConnectionAsync(cancellationToken);
            return await work(connection);
        }
        catch (Exception e) when (PostgresFaults.IsFromDriver(e))
        {
            throw PostgresFaults.ToStorageException(e, PostgresFaults.ServerOf(pool.ConnectionString));
        }
    }

    /// <summary>Rows changed.</summary>
    public static Task<int> Execute(
        this NpgsqlDataSource pool, string sql, object? values = null, CancellationToken cancellationToken = default) =>
        pool.Use(connection => connection.ExecuteAsync(Command(sql, values, cancellationToken)), cancellationToken);

    /// <summary>The first row, or null (a value's default) when there is none.</summary>
    public static Task<T?> Find<T>(
        this NpgsqlDataSource pool, string sql, object? values = null, CancellationToken cancellationToken = default) =>
        pool.Use(connection => connection.QueryFirstOrDefaultAsync<T>(Command(sql, values, cancellationToken)), cancellationToken);

    public static Task<IReadOnlyList<T>> List<T>(
        this NpgsqlDataSource pool, string sql, object? values = null, CancellationToken cancellationToken = default) =>
        pool.Use<IReadOnlyList<T>>(
            async connection => (await connection.QueryAsync<T>(Command(sql, values, cancellationToken))).AsList(), cancellationToken);

    private static CommandDefinition Command(string sql, object? values, CancellationToken cancellationToken) =>
        new(sql, values, cancellationToken: cancellationToken);
}
