using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>A database server that dies under its clients.</summary>
public sealed class OutageSpecs : IAsyncLifetime
{
    private const int Owners = 16;
    private const int Commits = 200;

    private PostgresServer _server = null!;
    private string _database = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresServer.Start();
        _database = await _server.CreateDatabase();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task Kill_9_of_the_server_in_a_burst_loses_and_repeats_no_commit()
    {
        await using var store = await Open(TimeSpan.FromMinutes(5));
        var owners = Enumerable.Range(0, Owners).Select(_ => new Owner()).ToList();
        var half = new TaskCompletionSource();
        var done = 0;
        var writing = Task.WhenAll(owners.Select(owner => Task.Run(
            async () =>
            {
                Assert.Equal(CommitResult.Committed, await store.Commit(owner.StartTurn("1")));
                for (var i = 2; i < Commits; i++)
                {
                    Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append($"{i}")));
                    if (Interlocked.Increment(ref done) == Owners * Commits / 2)
                        half.SetResult();
                }

                Assert.Equal(CommitResult.Committed, await store.Commit(owner.EndTurn()));
            },
            TestContext.Current.CancellationToken)));

        await half.Task;
        await _server.Kill();
        await _server.Restart();
        await writing;

        foreach (var owner in owners)
        {
            var lines = await store.ReadLines(owner.ThreadId);
            Assert.Equal(Enumerable.Range(1, Commits - 1).Select(i => $"{i}"), lines.SkipLast(1));
            Assert.Equal(Commits, lines.Count);
        }

        Assert.Empty(await store.ReadRunningTurns(TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_server_that_stays_away_fails_the_commit_and_the_next_one_succeeds_once_it_is_back()
    {
        await using var store = await Open(TimeSpan.FromSeconds(2));
        var owner = new Owner();
        await store.Commit(owner.StartTurn("a"));
        await _server.Kill();

        var failed = await Assert.ThrowsAsync<StorageException>(async () => await store.Commit(owner.Rival().Append("lost")));
        Assert.Equal(StorageFault.Unreachable, failed.Fault);
        Assert.Contains("127.0.0.1", failed.Message);
        Assert.DoesNotContain("codex;", failed.Message);
        Assert.Equal(StorageFault.Unreachable, (await Assert.ThrowsAsync<StorageException>(async () => await store.CheckHealth(TestContext.Current.CancellationToken))).Fault);
        Assert.Equal(StorageFault.Unreachable, (await Assert.ThrowsAsync<StorageException>(async () => await store.ReadThread(owner.ThreadId, TestContext.Current.CancellationToken))).Fault);

        await _server.Restart();
        Assert.Equal(CommitResult.Committed, await store.Commit(owner.Append("b")));
        await store.CheckHealth(TestContext.Current.CancellationToken);
        Assert.Equal(["a", "b"], await store.ReadLines(owner.ThreadId));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_start_waits_for_the_server()
    {
        await _server.Kill();
        var opening = Open(TimeSpan.FromMinutes(5));
        Assert.False(opening.IsCompleted);

        await _server.Restart();

        await using var store = await opening;
        await store.CheckHealth(TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_start_without_a_server_says_so()
    {
        await _server.Kill();

        var failed = await Assert.ThrowsAsync<StorageException>(() => Open(TimeSpan.Zero).WaitAsync(TestContext.Current.CancellationToken));

        Assert.Equal(StorageFault.Unreachable, failed.Fault);
        Assert.Contains("Storage:ConnectionString", failed.Message);
    }

    private async Task<PostgresThreadStore> Open(TimeSpan retryFor)
    {
        var store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = _database, RetryFor = retryFor });
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
