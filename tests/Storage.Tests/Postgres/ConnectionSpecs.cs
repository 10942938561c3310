using CodexOrleans.Storage.Postgres;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>How the connections to the database are set up.</summary>
public sealed class ConnectionSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task Readers_that_have_all_connections_of_the_pool_hold_up_no_commit()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await using var store = await Open($"{database};Maximum Pool Size=1");
        var owner = new Owner();
        await using var reader = await store.Connections.OpenConnectionAsync(TestContext.Current.CancellationToken);

        Assert.Equal(CommitResult.Committed, await store.Commit(owner.StartTurn("a")));
        // A writer that has lost its connection gets another one.
        await Execute(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN ($1, pg_backend_pid())", reader.ProcessID);
        Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append("b")));
    }

    [Fact]
    public void Orleans_has_few_connections_with_bounds()
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgresSettings.ForOrleans("Host=db"));

        Assert.Equal((10, 5, 10, 10), (settings.MaxPoolSize, settings.Timeout, settings.CommandTimeout, settings.KeepAlive));
    }

    [Fact]
    public void What_the_operator_has_set_stays()
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgresSettings.ForOrleans("Host=db;Maximum Pool Size=7;Timeout=1;Command Timeout=2;Keepalive=3;Application Name=mine"));

        Assert.Equal((7, 1, 2, 3, "mine"), (settings.MaxPoolSize, settings.Timeout, settings.CommandTimeout, settings.KeepAlive, settings.ApplicationName));
    }

    private static async Task Execute(string database, string sql, params object[] values)
    {
        await using var connection = new NpgsqlConnection($"{database};Pooling=false");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<PostgresThreadStore> Open(string database)
    {
        var store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = database });
        await store.Open(Cancellation);
        return store;
    }
}
