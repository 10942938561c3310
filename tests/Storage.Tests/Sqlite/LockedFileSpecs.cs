using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.Storage.Tests.Child;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Storage.Tests.Sqlite;

public sealed class LockedFileSpecs : IDisposable
{
    private static readonly TimeSpan _patient = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan _impatient = TimeSpan.FromMilliseconds(1);

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["log.db"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_commit_waits_for_a_lock_of_another_process()
    {
        await using var store = await Open(_patient);
        var owner = new Owner();
        await store.Commit(owner.StartTurn("a"));

        Task<CommitResult> commit;
        await using (await LockHolder.Start(LockHolder.Write, File))
        {
            commit = store.Commit(owner.Append("b")).AsTask();
            Assert.Equal(["a"], await store.ReadLines(owner.ThreadId));
            Assert.False(commit.IsCompleted);
        }

        Assert.Equal(CommitResult.Committed, await commit);
    }

    [Fact]
    public async Task A_lock_that_stays_fails_the_commit_and_the_next_one_succeeds_once_it_is_gone()
    {
        await using var store = await Open(_impatient);
        var owner = new Owner();
        await store.Commit(owner.StartTurn("a"));

        await using (await LockHolder.Start(LockHolder.Write, File))
        {
            var failed = await Assert.ThrowsAsync<StorageException>(async () => await store.Commit(owner.Rival().Append("lost")));
            Assert.Equal(StorageFault.Locked, failed.Fault);
            Assert.Contains(File, failed.Message);
            var sick = await Assert.ThrowsAsync<StorageException>(async () => await store.CheckHealth(TestContext.Current.CancellationToken));
            Assert.Equal(StorageFault.Locked, sick.Fault);
        }

        Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append("b")));
        await store.CheckHealth(TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b"], await store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task Commits_behind_a_failed_one_of_their_thread_fail_with_it_and_are_not_taken_for_fenced()
    {
        await using var store = new SqliteThreadStore(
            File, new StorageOptions { RetryFor = _impatient }, null, NullLogger<SqliteThreadStore>.Instance, new CommitQueueLimits(GroupCount: 1), new CheckpointLimits());
        await store.Open(TestContext.Current.CancellationToken);
        var owner = new Owner();
        await store.Commit(owner.StartTurn("a"));

        List<Task<CommitResult>> commits;
        await using (await LockHolder.Start(LockHolder.Write, File))
        {
            commits = [.. Enumerable.Range(0, 10).Select(i => store.Commit(owner.Append($"lost {i}")).AsTask())];
            await Assert.ThrowsAsync<StorageException>(() => commits[0]);
        }

        // The lock is gone, so that those behind could be tried, and would meet a head that was never reached.
        foreach (var commit in commits)
            Assert.Equal(StorageFault.Locked, (await Assert.ThrowsAsync<StorageException>(() => commit)).Fault);
        Assert.Equal(["a"], await store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task A_database_held_by_another_process_cannot_be_opened_until_it_is_released()
    {
        await (await Open(_impatient)).DisposeAsync();

        await using (await LockHolder.Start(LockHolder.Exclusive, File))
        {
            var failed = await Assert.ThrowsAsync<StorageException>(() => Open(_impatient));
            Assert.Equal(StorageFault.Locked, failed.Fault);
            Assert.Contains(File, failed.Message);
        }

        await (await Open(_impatient)).DisposeAsync();
    }

    [Fact]
    public async Task The_start_waits_for_a_database_that_is_locked()
    {
        await (await Open(_impatient)).DisposeAsync();

        Task<SqliteThreadStore> opening;
        await using (await LockHolder.Start(LockHolder.Exclusive, File))
        {
            opening = Task.Run(() => Open(_patient));
            Assert.False(opening.IsCompleted);
        }

        await (await opening).DisposeAsync();
    }

    private async Task<SqliteThreadStore> Open(TimeSpan retryFor)
    {
        var store = new SqliteThreadStore(File, new StorageOptions { RetryFor = retryFor });
        try
        {
            await store.Open(TestContext.Current.CancellationToken);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }
}
