using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>Several servers on one database.</summary>
public sealed class SharedDatabaseSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_that_start_together_on_an_empty_database_make_its_schema_once()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();

        var stores = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Open(database)));

        foreach (var store in stores)
        {
            await store.CheckHealth(Cancellation);
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task Of_the_claims_of_several_servers_exactly_one_wins_and_only_the_winner_appends()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        var stores = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Open(database)));
        for (var round = 0; round < 20; round++)
        {
            var first = new Owner();
            await stores[0].Commit(first.StartTurn("0"));
            var rivals = stores.Select(store => (Store: store, Owner: first.Rival())).ToList();

            var claims = await Task.WhenAll(rivals.Select(rival => Task.Run(() => rival.Store.Commit(rival.Owner.Claim()).AsTask(), Cancellation)));
            var appends = await Task.WhenAll(rivals.Select((rival, i) => Task.Run(() => rival.Store.Commit(rival.Owner.Append($"{i}")).AsTask(), Cancellation)));

            Assert.Equal(1, claims.Count(result => result == CommitResult.Committed));
            // A loser's generation is the winner's too: only the head keeps the losers out, and of those who append at once one comes first.
            Assert.Equal(1, appends.Count(result => result == CommitResult.Committed));
            Assert.Equal(CommitResult.Fenced, await stores[0].Commit(first.Append("from the first")));
            Assert.Equal(2, (await stores[1].ReadLines(first.ThreadId)).Count);
        }

        foreach (var store in stores)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_recognised_and_one_that_another_owner_has_passed_is_not_taken_for_it()
    {
        await using var store = await Open(await (await PostgresServer.Shared).CreateDatabase());
        using var session = new PostgresWriteSession(await store.Connections.OpenConnectionAsync(Cancellation));
        var owner = new Owner();
        foreach (var commit in (ThreadCommit[])[owner.StartTurn("a"), owner.Append("b"), owner.EndTurn()])
        {
            var pending = new PendingCommit(commit, 0);
            session.Write([pending], 0);
            (commit.MayBeThere, pending.Outcome) = (true, CommitResult.Fenced);

            session.Write([pending], 0);

            Assert.Equal(CommitResult.Committed, pending.Outcome);
        }

        var stranger = new PendingCommit(new Owner(owner.ThreadId) { Generation = 1 }.Append("never there"), 0);
        stranger.Commit!.MayBeThere = true;
        session.Write([stranger], 0);
        Assert.Equal(CommitResult.Fenced, stranger.Outcome);
        Assert.Equal(3, (await store.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task What_one_server_has_committed_the_others_read_at_once()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await using var writer = await Open(database);
        await using var reader = await Open(database);
        var owner = new Owner();
        await writer.Commit(owner.StartTurn("a"));
        for (var i = 0; i < 50; i++)
        {
            await writer.Commit(owner.Append("b"));
            Assert.Equal(owner.Head, (await reader.ReadThread(owner.ThreadId, Cancellation))!.HeadSeq);
        }

        Assert.Equal(51, (await reader.ReadLines(owner.ThreadId)).Count);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_health_check_of_one_server_waits_for_no_other_one()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await using var store = await Open(database);
        // In the middle of a group.
        await using var connection = await store.Connections.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var group = await connection.BeginTransactionAsync(Cancellation);
        using var session = new PostgresWriteSession(connection);
        session.Write([new PendingCommit(null, 0)], 0);

        await using var other = await Open(database);
        await other.CheckHealth(Cancellation);
        await group.CommitAsync(Cancellation);

        await using var left = other.Connections.CreateCommand("SELECT count(*) FROM probes");
        Assert.Equal(0L, await left.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task A_database_that_a_newer_version_has_added_to_is_used()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await (await Open(database)).DisposeAsync();
        await Journal(database, "9999-from-the-future");

        await using var store = await Open(database);

        Assert.Equal(CommitResult.Committed, await store.Commit(new Owner().StartTurn("a")));
    }

    [Fact]
    public async Task A_database_that_a_newer_version_has_broken_with_is_refused()
    {
        var database = await (await PostgresServer.Shared).CreateDatabase();
        await (await Open(database)).DisposeAsync();
        await Journal(database, "9998-from-the-future.breaking");
        await Journal(database, "9999-from-the-future");

        var failed = await Assert.ThrowsAsync<StorageException>(() => Open(database));

        Assert.Equal(StorageFault.TooNew, failed.Fault);
        Assert.Contains("9998-from-the-future.breaking", failed.Message);
    }

    private static async Task Journal(string database, string script)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand("INSERT INTO schema_versions (scriptname, applied) VALUES ($1, now())");
        command.Parameters.Add(new NpgsqlParameter { Value = script });
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<PostgresThreadStore> Open(string database)
    {
        var store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = database });
        await store.Open(Cancellation);
        return store;
    }
}
