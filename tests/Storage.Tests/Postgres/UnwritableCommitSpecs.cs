using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Postgres;

/// <summary>Commits that can never be written, in one transaction with others.</summary>
public sealed class UnwritableCommitSpecs : IAsyncLifetime
{
    // As a character: a text with it would not come through an attribute.
    private const char HalfOfAPair = '\ud83d';
    private const char Nul = '\0';

    private PostgresThreadStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = await (await PostgresServer.Shared).CreateDatabase() });
        await _store.Open(Cancellation);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory]
    [InlineData(HalfOfAPair, 1)]
    [InlineData(Nul, 1)]
    [InlineData(HalfOfAPair, 3)]
    [InlineData(Nul, 3)]
    public async Task They_fail_and_those_with_them_are_written(char unknown, int unwritable)
    {
        var owners = Enumerable.Range(0, 9).Select(_ => new Owner()).ToList();
        foreach (var owner in owners)
            await _store.Commit(owner.StartTurn("a"));

        var outcomes = await Together([.. owners.Select((owner, i) => i % 4 == 1 && i / 4 < unwritable ? owner.EndTurn(message: $"It failed: {unknown}") : owner.Append("b"))]);

        for (var i = 0; i < owners.Count; i++)
        {
            if (i % 4 == 1 && i / 4 < unwritable)
                Assert.Contains($"{owners[i].ThreadId}", (await Assert.ThrowsAsync<ArgumentException>(() => outcomes[i])).Message, StringComparison.Ordinal);
            else
                Assert.Equal(CommitResult.Committed, await outcomes[i]);
            Assert.Equal(outcomes[i].IsFaulted ? ["a"] : ["a", "b"], await _store.ReadLines(owners[i].ThreadId));
        }
    }

    [Fact]
    public async Task Commits_of_the_same_thread_behind_one_fail_with_it()
    {
        var (owner, other) = (new Owner(), new Owner());
        await _store.Commit(owner.StartTurn("a"));
        await _store.Commit(other.StartTurn("a"));

        var outcomes = await Together(owner.Append("b"), owner.EndTurn(message: $"It failed: {HalfOfAPair}"), owner.Append("c"), other.Append("b"));

        Assert.Equal(CommitResult.Committed, await outcomes[0]);
        await Assert.ThrowsAsync<ArgumentException>(() => outcomes[1]);
        await Assert.ThrowsAsync<ArgumentException>(() => outcomes[2]);
        Assert.Equal(CommitResult.Committed, await outcomes[3]);
    }

    /// <summary>Commits while the writer's thread is busy, which is here: so it takes them as one group.</summary>
    private async Task<Task<CommitResult>[]> Together(params ThreadCommit[] commits) =>
        await _store.Commit(new Owner().StartTurn("first")).AsTask().ContinueWith(
            _ => Array.ConvertAll(commits, commit => _store.Commit(commit).AsTask()), Cancellation, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
