using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>Commits that arrived although no answer came.</summary>
public sealed class LostAnswerSpecs : IAsyncLifetime
{
    private string _database = null!;
    private PostgresThreadStore _store = null!;

    /// <summary>A thread's life, so that each kind of commit follows those before it.</summary>
    public static TheoryData<int> Steps => [0, 1, 2, 3];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await (await PostgresServer.Shared).CreateDatabase();
        _store = await Open(_database, TimeSpan.FromMinutes(5));
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory(Timeout = 120_000), MemberData(nameof(Steps))]
    public async Task A_commit_that_failed_in_an_outage_although_it_had_arrived_is_recognised_when_it_comes_again(int step)
    {
        var owner = new Owner();
        await using var link = new DatabaseLink(_database);
        await using var store = await Open(link.ConnectionString, TimeSpan.FromSeconds(1));
        await Begin(store, owner, step);
        var commit = Step(owner, step);

        link.LoseAnswers();
        var failing = store.Commit(commit).AsTask();
        await Condition.Becomes(async () => (await _store.ReadThread(owner.ThreadId, Cancellation))?.HeadSeq == owner.Head).WaitAsync(TestContext.Current.CancellationToken);
        link.Cut();
        Assert.Equal(StorageFault.Unreachable, (await Assert.ThrowsAsync<StorageException>(() => failing)).Fault);
        link.Mend();

        Assert.Equal(CommitResult.Committed, await store.Commit(commit));
        Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append("next")));
        Assert.Equal(owner.Head, (await store.ReadLines(owner.ThreadId)).Count);
    }

    [Theory(Timeout = 120_000), MemberData(nameof(Steps))]
    public async Task A_commit_that_comes_again_while_its_transaction_ends_is_recognised(int step) =>
        await ComesAgain(step, first => first.CommitAsync(TestContext.Current.CancellationToken));

    [Theory(Timeout = 120_000), MemberData(nameof(Steps))]
    public async Task A_commit_that_comes_again_while_its_transaction_is_undone_is_written(int step) =>
        await ComesAgain(step, first => first.RollbackAsync(TestContext.Current.CancellationToken));

    private async Task ComesAgain(int step, Func<NpgsqlTransaction, Task> end)
    {
        var owner = new Owner();
        await Begin(_store, owner, step);
        var commit = Step(owner, step);
        using var slow = await _store.Connections.OpenConnectionAsync(Cancellation);
        using var other = await _store.Connections.OpenConnectionAsync(Cancellation);
        var first = await slow.BeginTransactionAsync(Cancellation);
        using var session = new PostgresWriteSession(slow);
        session.Write([new PendingCommit(commit, 0)], 0);
        commit.MayBeThere = true;

        var again = new PendingCommit(commit, 0) { Outcome = CommitResult.Fenced };
        using var otherSession = new PostgresWriteSession(other);
        var writing = Task.Run(() => otherSession.Write([again], 0), Cancellation);
        await Condition.Becomes(() => WaitsForLock(other.ProcessID));
        await end(first);
        await writing;

        Assert.Equal(CommitResult.Committed, again.Outcome);
        Assert.Equal(owner.Head, (await _store.ReadLines(owner.ThreadId)).Count);
    }

    private static async Task Begin(PostgresThreadStore store, Owner owner, int steps)
    {
        for (var step = 0; step < steps; step++)
            Assert.Equal(CommitResult.Committed, await store.Commit(Step(owner, step)));
    }

    private static ThreadCommit Step(Owner owner, int step) => step switch
    {
        0 => owner.StartTurn("a"),
        1 => owner.Append("b", "c"),
        2 => owner.EndTurn(),
        _ => owner.StartTurn("d"),
    };

    private async Task<bool> WaitsForLock(int process)
    {
        await using var command = _store.Connections.CreateCommand("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = process });
        return await command.ExecuteScalarAsync(Cancellation) is true;
    }

    private static async Task<PostgresThreadStore> Open(string database, TimeSpan retryFor)
    {
        var store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = database, RetryFor = retryFor });
        await store.Open(Cancellation);
        return store;
    }
}
