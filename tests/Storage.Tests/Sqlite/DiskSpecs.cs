using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Sqlite;

namespace CodexOrleans.Storage.Tests.Sqlite;

/// <summary>Disks that are full or read-only.</summary>
public sealed class DiskSpecs
{
    private const string Line = "0123456789";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_disk_fails_the_commit_and_once_space_is_freed_the_next_one_succeeds()
    {
        using var disk = new RamDisk(2048);
        await using var store = await Open(disk, TimeSpan.FromMilliseconds(1));
        var owner = new Owner();
        await store.Commit(owner.StartTurn(Line));
        disk.Fill();

        var written = await CommitUntilFull(store, owner);
        var failed = await Assert.ThrowsAsync<StorageException>(async () => await store.CheckHealth(Cancellation));
        Assert.Equal(StorageFault.DiskFull, failed.Fault);
        Assert.Equal(written, (await store.ReadLines(owner.ThreadId)).Count);

        disk.Free();
        Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append("after")));
        await store.CheckHealth(Cancellation);
        Assert.Equal([.. Enumerable.Repeat(Line, written), "after"], await store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task A_commit_waits_for_space_and_those_behind_it_keep_their_order()
    {
        using var disk = new RamDisk(2048);
        await using var store = await Open(disk, TimeSpan.FromMinutes(5));
        var owner = new Owner();
        await store.Commit(owner.StartTurn(Line));
        disk.Fill();

        var commits = new List<Task<CommitResult>>();
        while (!await IsRetrying(store))
            commits.Add(store.Commit(owner.Append(Line)).AsTask());
        for (var i = 0; i < 20; i++)
            commits.Add(store.Commit(owner.Append(Line)).AsTask());
        Assert.False(commits[^1].IsCompleted);
        disk.Free();

        Assert.All(await Task.WhenAll(commits), result => Assert.Equal(CommitResult.Committed, result));
        Assert.Equal(commits.Count + 1, (await store.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task What_a_caller_commits_when_it_hears_of_a_failure_is_not_taken_for_what_was_behind_it()
    {
        using var disk = new RamDisk(2048);
        await using var store = await Open(disk, TimeSpan.FromMilliseconds(1));
        var owner = new Owner();
        await store.Commit(owner.StartTurn(Line));
        disk.Fill();

        var written = await CommitUntilFull(store, owner);
        disk.Free();

        // At once, and without a scheduler in between: on the writer's own thread.
        Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append("after")));
        Assert.Equal([.. Enumerable.Repeat(Line, written), "after"], await store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task What_was_committed_before_the_disk_was_full_is_there_after_a_restart()
    {
        using var disk = new RamDisk(2048);
        var owner = new Owner();
        int written;
        await using (var store = await Open(disk, TimeSpan.FromMilliseconds(1)))
        {
            await store.Commit(owner.StartTurn(Line));
            disk.Fill();
            written = await CommitUntilFull(store, owner);
        }

        disk.Free();
        await using var reopened = await Open(disk, TimeSpan.FromMilliseconds(1));
        Assert.Equal(written, (await reopened.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task A_start_on_a_full_disk_says_so()
    {
        using var disk = new RamDisk(256);
        disk.Fill();

        var failed = await Assert.ThrowsAsync<StorageException>(() => Open(disk, TimeSpan.Zero));

        Assert.Equal(StorageFault.DiskFull, failed.Fault);
        Assert.Contains(disk.Path, failed.Message);
    }

    [Fact]
    public async Task A_read_only_folder_is_named_at_start()
    {
        using var disk = new RamDisk(2048);
        disk.MakeReadOnly();

        await ReadOnlyStart(disk);
    }

    [Fact]
    public async Task A_read_only_database_is_named_at_start_and_works_once_it_is_writable()
    {
        using var disk = new RamDisk(2048);
        var owner = new Owner();
        await using (var store = await Open(disk, TimeSpan.Zero))
            await store.Commit(owner.StartTurn(Line));
        disk.MakeReadOnly();

        await ReadOnlyStart(disk);

        disk.MakeWritable();
        await using var reopened = await Open(disk, TimeSpan.Zero);
        Assert.Equal([Line], await reopened.ReadLines(owner.ThreadId));
    }

    private static async Task ReadOnlyStart(RamDisk disk)
    {
        var failed = await Assert.ThrowsAsync<StorageException>(() => Open(disk, TimeSpan.Zero));
        Assert.Equal(StorageFault.ReadOnly, failed.Fault);
        Assert.Contains(disk.Path, failed.Message);
    }

    /// <summary>Number of events written when the disk was full.</summary>
    private static async Task<int> CommitUntilFull(SqliteThreadStore store, Owner owner)
    {
        while (true)
        {
            var head = owner.Head;
            try
            {
                Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append(Line)));
            }
            catch (StorageException e)
            {
                Assert.Equal(StorageFault.DiskFull, e.Fault);
                owner.Head = head;
                return (int)head;
            }
        }
    }

    private static async Task<bool> IsRetrying(SqliteThreadStore store)
    {
        try
        {
            await store.CheckHealth(Cancellation);
            return false;
        }
        catch (StorageException e) when (e.Fault == StorageFault.DiskFull)
        {
            return true;
        }
    }

    private static async Task<SqliteThreadStore> Open(RamDisk disk, TimeSpan retryFor)
    {
        var store = new SqliteThreadStore(Path.Combine(disk.Path, "log.db"), new StorageOptions { RetryFor = retryFor });
        try
        {
            await store.Open(Cancellation);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }
}
