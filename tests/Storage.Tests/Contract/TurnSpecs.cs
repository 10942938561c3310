using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Contract;

public abstract class TurnSpecs<TFixture> : ThreadStoreSpecs<TFixture>
    where TFixture : ThreadStoreFixture, new()
{
    private static readonly TokenUsage _usage = new()
    {
        InputTokens = 1,
        CachedInputTokens = 2,
        CacheWriteInputTokens = 3,
        OutputTokens = 4,
        ReasoningOutputTokens = 5,
    };

    [Fact]
    public async Task A_thread_that_never_had_a_turn_has_no_row()
    {
        Assert.Null(await Store.ReadThread(Guid.CreateVersion7(), Cancellation));
        Assert.Null(await Store.ReadTurn(Guid.CreateVersion7(), Cancellation));
        Assert.Empty(await Store.ReadTurns(Guid.CreateVersion7(), 10, cancellationToken: Cancellation));
        Assert.Empty(await Store.ReadChunks(Guid.CreateVersion7(), 0, 1000, Cancellation));
    }

    [Fact]
    public async Task A_started_turn_is_in_the_rows_of_thread_and_turn()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn(at: 1234, options: """{"model":"m"}"""));

        Assert.Equal(
            new ThreadRecord
            {
                Id = owner.ThreadId,
                Generation = 1,
                HeadSeq = 1,
                Options = """{"model":"m"}""",
                RunningTurnId = owner.TurnId,
                CreatedAt = 1234,
                UpdatedAt = 1234,
            },
            await Store.ReadThread(owner.ThreadId, Cancellation));
        Assert.Equal(
            new TurnRecord { Id = owner.TurnId, ThreadId = owner.ThreadId, Status = TurnStatus.Running, Host = Owner.Host, FirstSeq = 1, StartedAt = 1234 },
            await Store.ReadTurn(owner.TurnId, Cancellation));
    }

    [Fact]
    public async Task An_ended_turn_keeps_its_outcome_and_usage()
    {
        var owner = new Owner();
        var cumulative = new TokenUsage { InputTokens = 100, OutputTokens = 50 };
        await Store.Commit(owner.StartTurn(at: 10));
        await Store.Commit(owner.Append("a", "b"));
        await Store.Commit(owner.EndTurn(TurnStatus.Failed, _usage, cumulative, at: 20, code: "host_lost", message: "gone"));

        Assert.Equal(
            new TurnRecord
            {
                Id = owner.TurnId,
                ThreadId = owner.ThreadId,
                Status = TurnStatus.Failed,
                Host = Owner.Host,
                FirstSeq = 1,
                LastSeq = 4,
                StartedAt = 10,
                EndedAt = 20,
                ErrorCode = "host_lost",
                ErrorMessage = "gone",
                Usage = _usage,
            },
            await Store.ReadTurn(owner.TurnId, Cancellation));
        var thread = (await Store.ReadThread(owner.ThreadId, Cancellation))!;
        Assert.Equal((4, null, 10, 20, cumulative), (thread.HeadSeq, thread.RunningTurnId, thread.CreatedAt, thread.UpdatedAt, thread.CumulativeUsage));
    }

    [Fact]
    public async Task A_turn_without_usage_has_none()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());
        await Store.Commit(owner.EndTurn(TurnStatus.Interrupted));

        Assert.Null((await Store.ReadTurn(owner.TurnId, Cancellation))!.Usage);
        Assert.Equal(new TokenUsage(), (await Store.ReadThread(owner.ThreadId, Cancellation))!.CumulativeUsage);
    }

    [Fact]
    public async Task A_turn_ends_only_once()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));
        await Store.Commit(owner.EndTurn(TurnStatus.Completed));
        var again = owner.EndTurn(TurnStatus.Failed);

        Assert.Equal(CommitResult.Fenced, await Store.Commit(again));

        Assert.Equal(TurnStatus.Completed, (await Store.ReadTurn(owner.TurnId, Cancellation))!.Status);
        Assert.Equal(2, (await Store.ReadLines(owner.ThreadId)).Count);
    }

    [Fact]
    public async Task What_a_commit_does_not_name_stays_as_it_is()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn(options: """{"model":"m"}"""));
        await Store.Commit(new ThreadCommit
        {
            ThreadId = owner.ThreadId,
            Generation = 1,
            ExpectedHead = 1,
            CodexThreadId = "cli-1",
            CumulativeUsage = _usage,
        });
        var before = await Store.ReadThread(owner.ThreadId, Cancellation);
        await Store.Commit(new ThreadCommit { ThreadId = owner.ThreadId, Generation = 1, ExpectedHead = 1 });

        var thread = (await Store.ReadThread(owner.ThreadId, Cancellation))!;
        Assert.Equal(before, thread);
        Assert.Equal(("""{"model":"m"}""", "cli-1", _usage, 1000), (thread.Options, thread.CodexThreadId, thread.CumulativeUsage, thread.UpdatedAt));
    }

    [Fact]
    public async Task One_commit_may_end_a_turn_and_start_the_next()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());
        var lost = owner.TurnId;
        var end = owner.Chunk(["end"]);
        var start = owner.StartTurn("start", at: 3000);
        await Store.Commit(new ThreadCommit
        {
            ThreadId = owner.ThreadId,
            Generation = owner.Generation,
            Claim = true,
            ExpectedHead = 1,
            Chunks = [end, .. start.Chunks],
            TurnEnd = new TurnEnd(lost, TurnStatus.Failed, "host_lost", null, null, 3000),
            TurnStart = start.TurnStart,
        });

        Assert.Equal((1, 2), await Bounds(lost));
        Assert.Equal((3, null), await Bounds(owner.TurnId));
        Assert.Equal(owner.TurnId, (await Store.ReadThread(owner.ThreadId, Cancellation))!.RunningTurnId);

        async Task<(long, long?)> Bounds(Guid turnId)
        {
            var turn = (await Store.ReadTurn(turnId, Cancellation))!;
            return (turn.FirstSeq, turn.LastSeq);
        }
    }

    [Fact]
    public async Task One_commit_may_start_and_end_the_same_turn()
    {
        var owner = new Owner();
        var start = owner.StartTurn(at: 5);
        var end = owner.EndTurn(TurnStatus.Failed, at: 6);
        await Store.Commit(new ThreadCommit
        {
            ThreadId = owner.ThreadId,
            Generation = 1,
            Claim = true,
            ExpectedHead = 0,
            Chunks = [.. start.Chunks, .. end.Chunks],
            TurnStart = start.TurnStart,
            TurnEnd = end.TurnEnd,
        });

        var turn = (await Store.ReadTurn(owner.TurnId, Cancellation))!;
        Assert.Equal((TurnStatus.Failed, 1, 2), (turn.Status, turn.FirstSeq, turn.LastSeq));
        Assert.Equal(6, (await Store.ReadThread(owner.ThreadId, Cancellation))!.UpdatedAt);
    }

    [Fact]
    public async Task Contradictions_to_the_stored_turns_are_refused_and_write_nothing()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));
        var other = new Owner();
        await Store.Commit(other.StartTurn("b"));

        await Refused(owner.Rival().StartTurn("a second running turn"));
        var stranger = owner.Rival();
        stranger.TurnId = Guid.CreateVersion7();
        await Refused(stranger.EndTurn());
        stranger = owner.Rival();
        stranger.TurnId = other.TurnId;
        await Refused(stranger.EndTurn());

        Assert.Equal(["a"], await Store.ReadLines(owner.ThreadId));
        Assert.Equal(1, (await Store.ReadThread(owner.ThreadId, Cancellation))!.Generation);
        Assert.Equal(other.TurnId, (await Store.ReadThread(other.ThreadId, Cancellation))!.RunningTurnId);
    }

    [Fact]
    public async Task A_turn_needs_a_first_and_a_last_event()
    {
        var owner = new Owner();
        var start = owner.StartTurn();
        await Refused(new ThreadCommit { ThreadId = owner.ThreadId, Generation = 1, Claim = true, ExpectedHead = 0, TurnStart = start.TurnStart });
        await Store.Commit(start);
        await Refused(new ThreadCommit
        {
            ThreadId = owner.ThreadId,
            Generation = 1,
            ExpectedHead = 1,
            TurnEnd = new TurnEnd(owner.TurnId, TurnStatus.Completed, null, null, null, 1),
        });
        await Refused(owner.EndTurn(TurnStatus.Running));
    }

    [Fact]
    public async Task Running_turns_are_found_and_no_others()
    {
        var running = new Owner();
        var ended = new Owner();
        var idle = new Owner();
        await Store.Commit(running.StartTurn());
        await Store.Commit(running.EndTurn());
        await Store.Commit(running.StartTurn());
        await Store.Commit(ended.StartTurn());
        await Store.Commit(ended.EndTurn());
        await Store.Commit(idle.Claim());

        var found = Assert.Single(await Store.ReadRunningTurns(Cancellation));
        Assert.Equal(await Store.ReadTurn(running.TurnId, Cancellation), found);
        Assert.Equal((running.ThreadId, Owner.Host), (found.ThreadId, found.Host));
    }

    [Fact]
    public async Task Turns_are_paged_newest_first_without_gap_or_repeat()
    {
        var owner = new Owner();
        var turns = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            await Store.Commit(owner.StartTurn());
            await Store.Commit(owner.EndTurn());
            turns.Insert(0, owner.TurnId);
        }

        var read = new List<Guid>();
        long? before = null;
        while (await Store.ReadTurns(owner.ThreadId, 3, before, Cancellation) is { Count: > 0 } page)
        {
            Assert.True(page.Count <= 3);
            read.AddRange(page.Select(turn => turn.Id));
            before = page[^1].FirstSeq;
        }

        Assert.Equal(turns, read);
    }

    private async Task Refused(ThreadCommit commit) => await Assert.ThrowsAsync<ArgumentException>(async () => await Store.Commit(commit));
}
