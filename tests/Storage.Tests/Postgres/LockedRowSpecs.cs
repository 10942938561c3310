using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>Somebody else, such as a node that was lost in the middle of a transaction, holds rows of a thread.</summary>
public sealed class LockedRowSpecs : IAsyncLifetime
{
    private readonly Owner _locked = new();
    private readonly Owner _other = new();
    private string _database = null!;
    private NpgsqlConnection _holder = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await (await PostgresServer.Shared).CreateDatabase();
        _holder = new NpgsqlConnection($"{_database};Pooling=false");
        await _holder.OpenAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => _holder.DisposeAsync();

    [Theory(Timeout = 120_000)]
    [InlineData(1)]
    [InlineData(200)]
    public async Task Its_commits_wait_while_those_of_other_threads_are_written(int threads)
    {
        await using var store = await Open(TimeSpan.FromMinutes(5));
        var locked = Enumerable.Range(0, threads).Select(_ => new Owner()).ToList();
        await Task.WhenAll(locked.Append(_other).Select(owner => store.Commit(owner.StartTurn("a")).AsTask()));
        await using var transaction = await Hold([.. locked.Select(owner => owner.ThreadId)]);

        // Some are appended together, some are calls; each thread has two.
        var waiting = locked.SelectMany((owner, i) => (Task<CommitResult>[])
            [store.Commit(owner.Append("b")).AsTask(), store.Commit(i % 2 == 0 ? owner.Append("c") : owner.EndTurn()).AsTask()]).ToList();
        for (var i = 0; i < 100; i++)
            Assert.Equal(CommitResult.Committed, await store.Commit(_other.Append("d")));
        Assert.Equal(CommitResult.Committed, await store.Commit(_other.EndTurn()));
        Assert.Equal(CommitResult.Committed, await store.Commit(new Owner().StartTurn("new")));
        await store.CheckHealth(TestContext.Current.CancellationToken);
        Assert.All(waiting, commit => Assert.False(commit.IsCompleted));
        await transaction.RollbackAsync(Cancellation);

        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal(CommitResult.Committed, outcome));
        foreach (var owner in locked)
            Assert.Equal(["a", "b"], (await store.ReadLines(owner.ThreadId)).Take(2));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_comes_later_for_the_thread_keeps_its_order()
    {
        await using var store = await Open(TimeSpan.FromMinutes(5));
        await store.Commit(_locked.StartTurn("1"));
        await store.Commit(_other.StartTurn("a"));
        var waiting = new List<Task<CommitResult>>();
        await using (var transaction = await Hold(_locked.ThreadId))
        {
            for (var i = 2; i < 20; i++)
            {
                waiting.Add(store.Commit(_locked.Append($"{i}")).AsTask());
                Assert.Equal(CommitResult.Committed, await store.Commit(_other.Append("b")));
            }

            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        }

        Assert.All(await Task.WhenAll(waiting), outcome => Assert.Equal(CommitResult.Committed, outcome));
        Assert.Equal(Enumerable.Range(1, 19).Select(i => $"{i}"), await store.ReadLines(_locked.ThreadId));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thread_that_others_are_just_making_holds_up_no_other_one()
    {
        await using var store = await Open(TimeSpan.FromMinutes(5));
        await store.Commit(_other.StartTurn("a"));
        await using var transaction = await _holder.BeginTransactionAsync(Cancellation);
        await Execute("INSERT INTO threads (id, generation, head_seq, options, created_at, updated_at) VALUES ($1, 1, 0, '{}', 0, 0)", _locked.ThreadId);

        var waiting = store.Commit(_locked.StartTurn("a")).AsTask();
        for (var i = 0; i < 3; i++)
            Assert.Equal(CommitResult.Committed, await store.Commit(_other.Append("b")));
        Assert.False(waiting.IsCompleted);
        await transaction.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.Equal(CommitResult.Committed, await waiting);
    }

    [Fact(Timeout = 120_000)]
    public async Task Its_commits_fail_when_that_lasts_too_long_and_the_next_one_succeeds()
    {
        await using var store = await Open(TimeSpan.FromMilliseconds(1));
        await store.Commit(_locked.StartTurn("a"));
        await using (var transaction = await Hold(_locked.ThreadId))
        {
            var failed = await Assert.ThrowsAsync<StorageException>(async () => await store.Commit(_locked.Rival().Append("lost")));
            Assert.Equal(StorageFault.Locked, failed.Fault);
            Assert.Contains("pg_stat_activity", failed.Message, StringComparison.Ordinal);
            await transaction.RollbackAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(CommitResult.Committed, await store.Commit(_locked.Append("b")));
        Assert.Equal(["a", "b"], await store.ReadLines(_locked.ThreadId));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_store_that_is_closed_answers_those_that_wait()
    {
        var store = await Open(TimeSpan.FromSeconds(3));
        await store.Commit(_locked.StartTurn("a"));
        await store.Commit(_other.StartTurn("a"));
        await using var transaction = await Hold(_locked.ThreadId);
        var waiting = store.Commit(_locked.Append("b")).AsTask();
        var other = store.Commit(_other.Append("b")).AsTask();

        await store.DisposeAsync().AsTask().WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(CommitResult.Committed, await other);
        Assert.Equal(StorageFault.Locked, (await Assert.ThrowsAsync<StorageException>(() => waiting)).Fault);
    }

    private async Task<NpgsqlTransaction> Hold(params Guid[] threads)
    {
        var transaction = await _holder.BeginTransactionAsync(Cancellation);
        await Execute("SELECT FROM threads WHERE id = ANY ($1) FOR UPDATE", threads);
        return transaction;
    }

    private async Task Execute(string sql, object value)
    {
        await using var command = new NpgsqlCommand(sql, _holder);
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<PostgresThreadStore> Open(TimeSpan retryFor)
    {
        var store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = _database, RetryFor = retryFor });
        await store.Open(Cancellation);
        return store;
    }
}
