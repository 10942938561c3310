using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
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

    [Fact(Timeout = 60_000)]
    public async Task A_commit_that_meets_a_connection_which_was_lost_in_silence_is_tried_again_on_another()
    {
        await using var connection = new NpgsqlConnection($"{await (await PostgresServer.Shared).CreateDatabase()};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        using var session = new PostgresWriteSession(connection);
        var commit = new Owner().StartTurn("a");
        await connection.CloseAsync();

        var fault = Record.Exception(() => session.Write([new PendingCommit(commit, deadline: 0)], now: 0));

        Assert.True(PostgresFaults.IsTransient(fault!) && PostgresFaults.BreaksConnection(fault!), $"{fault}");
        Assert.False(commit.MayBeThere);
    }

    [Theory]
    [InlineData("lock_timeout", "2s")]
    [InlineData("idle_in_transaction_session_timeout", "1min")]
    [InlineData("tcp_keepalives_idle", "10")]
    [InlineData("tcp_keepalives_interval", "5")]
    [InlineData("tcp_keepalives_count", "3")]
    public async Task The_server_bounds_how_long_a_session_waits_or_is_waited_for(string setting, string value)
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await using (var store = await Open(database))
            Assert.Equal(value, await Show(store, setting));
    }

    [Fact]
    public async Task What_the_operator_has_set_on_the_server_or_in_the_connection_string_stays()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await Execute(database, $"ALTER DATABASE {new NpgsqlConnectionStringBuilder(database).Database} SET lock_timeout = '7s'");
        await using var store = await Open($"{database};Options=-c tcp_keepalives_idle=77");

        Assert.Equal("7s", await Show(store, "lock_timeout"));
        Assert.Equal("77", await Show(store, "tcp_keepalives_idle"));
        Assert.Equal("5", await Show(store, "tcp_keepalives_interval"));
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

    private static async Task<string?> Show(PostgresThreadStore store, string setting)
    {
        await using var command = store.Connections.CreateCommand($"SHOW {setting}");
        return (string?)await command.ExecuteScalarAsync(Cancellation);
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
