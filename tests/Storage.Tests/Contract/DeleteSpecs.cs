using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Contract;

public abstract class DeleteSpecs<TFixture> : ThreadStoreSpecs<TFixture>
    where TFixture : ThreadStoreFixture, new()
{
    [Fact]
    public async Task Nothing_of_a_deleted_thread_remains_and_others_are_untouched()
    {
        var owner = await EndedThread();
        var other = await EndedThread();

        Assert.Equal(CommitResult.Committed, await Store.Delete(owner.ThreadId, owner.Generation));

        await Reopen();
        Assert.Null(await Store.ReadThread(owner.ThreadId, Cancellation));
        Assert.Null(await Store.ReadTurn(owner.TurnId, Cancellation));
        Assert.Empty(await Store.ReadTurns(owner.ThreadId, 10, cancellationToken: Cancellation));
        Assert.Empty(await Store.ReadLines(owner.ThreadId));
        Assert.Equal(3, (await Store.ReadLines(other.ThreadId)).Count);
        Assert.NotNull(await Store.ReadTurn(other.TurnId, Cancellation));
    }

    [Fact]
    public async Task A_deleted_thread_can_be_made_anew()
    {
        var owner = await EndedThread();
        await Store.Delete(owner.ThreadId, owner.Generation);

        Assert.Equal(CommitResult.Committed, await Store.Commit(new Owner(owner.ThreadId).StartTurn("again")));

        Assert.Equal(["again"], await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task Commits_of_a_deleted_threads_owner_are_fenced()
    {
        var owner = await EndedThread();
        await Store.Delete(owner.ThreadId, owner.Generation);

        Assert.Equal(CommitResult.Fenced, await Store.Commit(owner.Append("late")));
        Assert.Equal(CommitResult.Fenced, await Store.Commit(owner.Rival().StartTurn("late")));
        Assert.Null(await Store.ReadThread(owner.ThreadId, Cancellation));
    }

    [Fact]
    public async Task A_thread_whose_turn_runs_is_not_deleted()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));

        Assert.Equal(CommitResult.Fenced, await Store.Delete(owner.ThreadId, owner.Generation));

        Assert.Equal(["a"], await Store.ReadLines(owner.ThreadId));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Only_the_owners_generation_deletes(long generation)
    {
        var owner = await EndedThread();

        Assert.Equal(CommitResult.Fenced, await Store.Delete(owner.ThreadId, generation));

        Assert.Equal(3, (await Store.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task A_thread_that_never_was_is_not_deleted() =>
        Assert.Equal(CommitResult.Fenced, await Store.Delete(Guid.CreateVersion7(), 1));

    [Fact]
    public async Task A_thread_of_too_many_chunks_is_refused_and_left_whole()
    {
        var owner = await EndedThread();
        var commits = Enumerable.Range(0, 1022).Select(i => Store.Commit(owner.Append($"{i}")).AsTask()).ToList();
        await Task.WhenAll(commits);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.Delete(owner.ThreadId, owner.Generation).AsTask());

        Assert.Equal(1025, (await Store.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task A_thread_of_too_many_bytes_is_refused_and_left_whole()
    {
        var owner = await EndedThread();
        await Store.Commit(owner.Append(new string('x', 16 << 20)));

        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.Delete(owner.ThreadId, owner.Generation).AsTask());

        Assert.NotNull(await Store.ReadThread(owner.ThreadId, Cancellation));
    }

    private async Task<Owner> EndedThread()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());
        await Store.Commit(owner.Append("in between"));
        await Store.Commit(owner.EndTurn());
        return owner;
    }
}
