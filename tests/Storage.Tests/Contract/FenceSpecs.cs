using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Contract;

public abstract class FenceSpecs<TFixture> : ThreadStoreSpecs<TFixture>
    where TFixture : ThreadStoreFixture, new()
{
    [Fact]
    public async Task The_older_of_two_owners_is_fenced_and_writes_nothing()
    {
        var older = new Owner();
        await Store.Commit(older.StartTurn("a"));
        var newer = older.Rival();
        Assert.Equal(CommitResult.Committed, await Store.Commit(newer.Claim()));

        Assert.Equal(CommitResult.Fenced, await Store.Commit(older.Append("from the older")));
        Assert.Equal(CommitResult.Committed, await Store.Commit(newer.Append("from the newer")));

        Assert.Equal(["a", "from the newer"], await Store.ReadLines(older.ThreadId));
    }

    [Fact]
    public async Task A_fenced_commit_changes_no_row_of_thread_or_turn()
    {
        var older = new Owner();
        await Store.Commit(older.StartTurn("a", options: "{}"));
        await Store.Commit(older.Rival().Claim());
        var before = await Store.ReadThread(older.ThreadId, Cancellation);
        var turnBefore = await Store.ReadTurn(older.TurnId, Cancellation);

        var rivalEnd = older.EndTurn(cumulative: new TokenUsage { InputTokens = 5 });
        Assert.Equal(CommitResult.Fenced, await Store.Commit(rivalEnd));
        Assert.Equal(CommitResult.Fenced, await Store.Commit(new ThreadCommit
        {
            ThreadId = older.ThreadId,
            Generation = older.Generation,
            ExpectedHead = 1,
            CodexThreadId = "stolen",
            Options = """{"stolen":true}""",
        }));

        Assert.Equal(before, await Store.ReadThread(older.ThreadId, Cancellation));
        Assert.Equal(turnBefore, await Store.ReadTurn(older.TurnId, Cancellation));
    }

    [Fact]
    public async Task Of_two_claims_of_the_same_generation_exactly_one_wins()
    {
        for (var round = 0; round < 20; round++)
        {
            var first = new Owner();
            await Store.Commit(first.StartTurn());
            var rivals = Enumerable.Range(0, 8).Select(_ => first.Rival()).ToList();

            var results = await Task.WhenAll(rivals.Select(rival => Task.Run(() => Store.Commit(rival.Claim()).AsTask(), Cancellation)));

            Assert.Equal(1, results.Count(result => result == CommitResult.Committed));
            Assert.Equal(2, (await Store.ReadThread(first.ThreadId, Cancellation))!.Generation);
        }
    }

    [Fact]
    public async Task Of_two_claims_of_a_new_thread_exactly_one_wins()
    {
        var threadId = Guid.CreateVersion7();
        var rivals = Enumerable.Range(0, 8).Select(_ => new Owner(threadId)).ToList();

        var results = await Task.WhenAll(rivals.Select(rival => Task.Run(() => Store.Commit(rival.StartTurn()).AsTask(), Cancellation)));

        var winner = Assert.Single(rivals.Zip(results), pair => pair.Second == CommitResult.Committed).First;
        Assert.Equal(winner.TurnId, (await Store.ReadThread(threadId, Cancellation))!.RunningTurnId);
        Assert.Single(await Store.ReadLines(threadId));
        Assert.Single(await Store.ReadTurns(threadId, 10, cancellationToken: Cancellation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_claim_must_name_the_very_next_generation(long generation)
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());

        var claim = new ThreadCommit { ThreadId = owner.ThreadId, Generation = generation, Claim = true, ExpectedHead = 1 };

        Assert.Equal(CommitResult.Fenced, await Store.Commit(claim));
        Assert.Equal(1, (await Store.ReadThread(owner.ThreadId, Cancellation))!.Generation);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(1, 7)]
    public async Task A_claim_that_believes_in_another_past_creates_no_thread(long generation, long head)
    {
        var threadId = Guid.CreateVersion7();

        var claim = new ThreadCommit { ThreadId = threadId, Generation = generation, Claim = true, ExpectedHead = head };

        Assert.Equal(CommitResult.Fenced, await Store.Commit(claim));
        Assert.Null(await Store.ReadThread(threadId, Cancellation));
    }

    [Fact]
    public async Task A_claim_with_another_head_is_fenced()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());
        var late = owner.Rival();
        await Store.Commit(owner.Append("one more"));

        Assert.Equal(CommitResult.Fenced, await Store.Commit(late.Claim()));
        Assert.Equal(1, (await Store.ReadThread(owner.ThreadId, Cancellation))!.Generation);
    }

    [Fact]
    public async Task An_append_without_a_claim_creates_no_thread()
    {
        var owner = new Owner { Generation = 1 };

        Assert.Equal(CommitResult.Fenced, await Store.Commit(owner.Append("a")));
        Assert.Null(await Store.ReadThread(owner.ThreadId, Cancellation));
    }

    [Fact]
    public async Task The_same_commit_sent_twice_is_written_once()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));
        var commit = owner.Append("b");

        Assert.Equal(CommitResult.Committed, await Store.Commit(commit));
        Assert.Equal(CommitResult.Fenced, await Store.Commit(commit));
        Assert.Equal(["a", "b"], await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task Fenced_and_invalid_commits_in_a_burst_leave_the_others_whole()
    {
        var owners = Enumerable.Range(0, 30).Select(_ => new Owner()).ToList();
        foreach (var owner in owners)
            await Store.Commit(owner.StartTurn("0"));

        // Sent without awaiting, so that they share transactions: of each three one is good, one fenced, one contradicts stored turns.
        var good = new List<Task<CommitResult>>();
        var fenced = new List<Task<CommitResult>>();
        var invalid = new List<Task<CommitResult>>();
        for (var i = 0; i < owners.Count; i++)
        {
            var owner = owners[i];
            if (i % 3 == 0)
                good.Add(Store.Commit(owner.Append("1")).AsTask());
            else if (i % 3 == 1)
                fenced.Add(Store.Commit(new Owner(owner.ThreadId) { Generation = 1, Head = 77 }.Append("lost")).AsTask());
            else
                invalid.Add(Store.Commit(SecondTurn(owner)).AsTask());
        }

        Assert.All(await Task.WhenAll(good), result => Assert.Equal(CommitResult.Committed, result));
        Assert.All(await Task.WhenAll(fenced), result => Assert.Equal(CommitResult.Fenced, result));
        foreach (var commit in invalid)
            await Assert.ThrowsAsync<ArgumentException>(() => commit);
        for (var i = 0; i < owners.Count; i++)
            Assert.Equal(i % 3 == 0 ? ["0", "1"] : ["0"], await Store.ReadLines(owners[i].ThreadId));
    }

    private static ThreadCommit SecondTurn(Owner owner)
    {
        var rival = owner.Rival();
        rival.TurnId = Guid.CreateVersion7();
        return new ThreadCommit
        {
            ThreadId = owner.ThreadId,
            Generation = rival.Generation,
            ExpectedHead = rival.Head,
            Chunks = [rival.Chunk(["second turn"])],
            TurnStart = new TurnStart(rival.TurnId, Owner.Host, 1),
        };
    }
}
