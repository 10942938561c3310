using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.TestSupport;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Tests.Sqlite;

/// <summary>Chunks go into the index after they have gone into the log, and are found all the time.</summary>
public sealed class ChunkIndexSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string DatabaseFile => _folder["log.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Chunks_of_a_running_turn_go_into_the_index_many_at_once()
    {
        await using var store = await Open();
        var owner = new Owner();
        await store.Commit(owner.StartTurn());
        for (var i = 1; i < 63; i++)
            await store.Commit(owner.Append("a"));
        Assert.Equal((63, 0), Rows());

        await store.Commit(owner.Append("the 64th"));

        Assert.Equal((64, 64), Rows());
    }

    [Fact]
    public async Task When_its_turn_ends_all_of_a_threads_chunks_are_in_the_index()
    {
        await using var store = await Open();
        var owner = new Owner();
        await store.Commit(owner.StartTurn());
        await store.Commit(owner.Append("a"));

        await store.Commit(owner.EndTurn());

        Assert.Equal((3, 3), Rows());
    }

    [Fact]
    public async Task Chunks_of_a_slow_thread_do_not_stay_out_of_the_index_while_others_write_much()
    {
        await using var store = await Open(new IndexLimits(InTail: 1000, NotIndexed: 32));
        var slow = new Owner();
        await store.Commit(slow.StartTurn());
        var fast = new Owner();
        await store.Commit(fast.StartTurn());
        for (var i = 0; i < 100; i++)
            await store.Commit(fast.Append("a"));

        var (log, index) = Rows();

        Assert.Equal(102, log);
        Assert.InRange(log - index, 0, 32);
        Assert.Equal(101, (await store.ReadLines(fast.ThreadId)).Count);
        Assert.Single(await store.ReadLines(slow.ThreadId));
    }

    [Fact]
    public async Task A_closed_store_leaves_the_next_start_nothing_to_look_for()
    {
        await using (var store = await Open())
        {
            var owner = new Owner();
            await store.Commit(owner.StartTurn());
            await store.Commit(owner.Append("a"));
        }

        Assert.Equal((2, 2), Rows());
        Assert.Equal(2, Query("SELECT chunk FROM indexed"));
        Assert.Equal(2, Query("SELECT head_seq FROM threads"));
    }

    [Fact]
    public async Task Checkpoints_leave_the_index_behind_the_log()
    {
        await using var store = new SqliteThreadStore(DatabaseFile, null, null, null, checkpointLimits: new CheckpointLimits(PagesPerPass: 4, LogPages: 8), indexLimits: new IndexLimits(InTail: 10_000));
        await store.Open(Cancellation);
        var owner = new Owner();
        await store.Commit(owner.StartTurn());
        for (var i = 0; i < 200; i++)
            await store.Commit(owner.Append(new string('x', 5000)));

        // A writer that takes a checkpoint for somebody else's commit would look through the log after each.
        Assert.Equal((201, 0), Rows());
    }

    [Fact]
    public async Task An_owner_is_fenced_by_a_claim_of_another_process_and_its_last_chunks_are_found_there()
    {
        await using var store = await Open();
        var older = new Owner();
        await store.Commit(older.StartTurn("a"));
        await store.Commit(older.Append("b"));

        await using var other = await Open();
        Assert.Equal(2, (await other.ReadThread(older.ThreadId, Cancellation))!.HeadSeq);
        var newer = older.Rival();
        Assert.Equal(CommitResult.Committed, await other.Commit(newer.Claim()));
        Assert.Equal(CommitResult.Committed, await other.Commit(newer.Append("c")));

        Assert.Equal(CommitResult.Fenced, await store.Commit(older.Append("from the older")));
        Assert.Equal(["a", "b", "c"], await other.ReadLines(older.ThreadId));
    }

    private async Task<SqliteThreadStore> Open(IndexLimits? limits = null)
    {
        var store = new SqliteThreadStore(DatabaseFile, null, null, null, indexLimits: limits);
        await store.Open(Cancellation);
        return store;
    }

    private (long Log, long Index) Rows() => (Query("SELECT count(*) FROM chunks"), Query("SELECT count(*) FROM chunk_index"));

    private long Query(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=false");
        connection.Open();
        return connection;
    }
}
