using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Storage.Tests.Sqlite;

/// <summary>What the store refuses: use before it is open, after it is closed, and more than it can hold.</summary>
public sealed class ClosedStoreSpecs : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_that_is_not_open_refuses_all_use()
    {
        var store = new SqliteThreadStore(_folder["log.db"]);
        await RefusesAllUse(store);
        await store.Open(Cancellation);
        await store.DisposeAsync();
        await RefusesAllUse(store);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task Closing_writes_what_waits()
    {
        var owner = new Owner();
        var store = new SqliteThreadStore(_folder["log.db"]);
        await store.Open(Cancellation);
        var commits = new List<Task<CommitResult>> { store.Commit(owner.StartTurn()).AsTask() };
        for (var i = 0; i < 200; i++)
            commits.Add(store.Commit(owner.Append("a")).AsTask());
        await store.DisposeAsync();

        Assert.All(commits, commit => Assert.True(commit.IsCompletedSuccessfully));
        await using var reopened = new SqliteThreadStore(_folder["log.db"]);
        await reopened.Open(Cancellation);
        Assert.Equal(201, (await reopened.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task More_than_the_queue_holds_is_refused_and_what_it_holds_is_written()
    {
        await using var store = new SqliteThreadStore(
            _folder["log.db"], new StorageOptions { RetryFor = TimeSpan.FromMinutes(5) }, null, NullLogger<SqliteThreadStore>.Instance,
            new CommitQueueLimits(Count: 10, GroupCount: 1), new CheckpointLimits());
        await store.Open(Cancellation);

        var accepted = new List<Task<CommitResult>>();
        await using (await Child.LockHolder.Start(Child.LockHolder.Write, _folder["log.db"]))
        {
            var refused = Assert.Throws<StorageException>(() =>
            {
                // One is with the writer, ten wait, and one more is one too many.
                for (var i = 0; i < 12; i++)
                    accepted.Add(store.Commit(new Owner().StartTurn()).AsTask());
            });
            Assert.Equal(StorageFault.Overloaded, refused.Fault);
        }

        Assert.All(await Task.WhenAll(accepted), result => Assert.Equal(CommitResult.Committed, result));
    }

    private static async Task RefusesAllUse(SqliteThreadStore store)
    {
        Assert.Equal(StorageFault.Closed, (await Assert.ThrowsAsync<StorageException>(async () => await store.Commit(new Owner().StartTurn()))).Fault);
        Assert.Equal(StorageFault.Closed, (await Assert.ThrowsAsync<StorageException>(async () => await store.ReadThread(Guid.NewGuid(), Cancellation))).Fault);
        Assert.Equal(StorageFault.Closed, (await Assert.ThrowsAsync<StorageException>(async () => await store.CheckHealth(Cancellation))).Fault);
    }
}
