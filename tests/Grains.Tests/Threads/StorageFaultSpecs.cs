using CodexOrleans.Grains.Codex;
using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>A log that cannot be written for a while.</summary>
public sealed class StorageFaultSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();

    [Fact]
    public async Task A_turn_that_cannot_be_stored_is_refused_and_not_started()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        var front = await host.OpenFront();
        var failed = host.Store.Break();

        var refusing = host.Submit(_thread, front: front);
        await failed;
        // The CLI of a new thread starts while the turn is being written; it is taken back before the caller is told.
        var early = await host.Engine.NextTurn();
        Assert.Equal(StopReason.Fenced, await early.Stopped);
        Assert.False(early.Started.Accepted.IsCompleted);
        early.Leave();
        var refused = await refusing;
        host.Store.Repair();
        var accepted = await host.Submit(_thread, front: front);

        Assert.Equal(RefusalCodes.StorageUnavailable, refused.Refusal!.Code);
        Assert.NotNull(accepted.Started);
        Assert.Equal(accepted.Started.TurnId, (await front.Next()).TurnId);
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_thread_that_cannot_be_read_says_so_at_once_and_is_read_by_the_next_call_that_can()
    {
        await using var host = await ThreadHost.Start();
        await host.Submit(_thread);
        (await host.Engine.NextTurn()).Complete();
        await host.Activations.Left();
        host.Store.Unreadable = true;

        Func<Task>[] calls =
        [
            () => host.Submit(_thread, newThread: false),
            () => host.Submit(Guid.CreateVersion7()),
            () => host.Thread(_thread).Attach("front").AsTask(),
            () => host.Thread(_thread).Interrupt(null).AsTask(),
            () => host.Thread(_thread).Recover().AsTask(),
        ];
        foreach (var call in calls)
        {
            var e = await Assert.ThrowsAsync<StorageUnavailableException>(call);
            Assert.Equal("The log cannot be read, says the test.", e.Message);
        }

        host.Store.Unreadable = false;
        Assert.Equal(2, (await host.Thread(_thread).Attach("front")).HeadSeq);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact]
    public async Task A_turn_whose_history_cannot_be_read_ends_at_once_with_that_cause_and_nobody_watching()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();

        // The CLI has told no session, so a second turn is told the history.
        host.Store.FailNextReads(1);
        var started = (await host.Submit(_thread, newThread: false)).Started!;

        await Condition.Becomes(async () => (await host.ReadTurn(started.TurnId))!.Status == TurnStatus.Failed);
        Assert.Contains(FailureCodes.StorageUnavailable, (await host.Log(_thread))[^1], StringComparison.Ordinal);
        Assert.NotNull((await host.Submit(_thread, newThread: false)).Started);
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact]
    public async Task A_refused_turn_that_was_stored_all_the_same_is_ended_with_nobody_watching()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();
        host.Store.LoseNextAnswer(_thread);

        var refused = await host.Submit(_thread, newThread: false);

        Assert.Equal(RefusalCodes.StorageUnavailable, refused.Refusal!.Code);
        await Condition.Becomes(async () => (await host.Log(_thread))[^1].Contains("host_lost", StringComparison.Ordinal));
        Assert.NotNull((await host.Submit(_thread, newThread: false)).Started);
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact]
    public async Task A_turn_that_is_fenced_although_nobody_else_has_the_thread_is_ended_with_nobody_watching()
    {
        await using var host = await ThreadHost.Start();
        var started = (await host.Submit(_thread)).Started!;
        var turn = await host.Engine.NextTurn();
        host.Store.FenceNext(_thread);

        turn.Say("""{"type":"turn.started"}""");

        Assert.Equal(StopReason.Fenced, await turn.Stopped);
        await Condition.Becomes(async () => (await host.ReadTurn(started.TurnId))!.Status == TurnStatus.Failed);
        Assert.Contains("host_lost", (await host.Log(_thread))[^1], StringComparison.Ordinal);
        turn.Leave();
    }

    [Fact]
    public async Task Events_wait_for_the_log_and_nothing_is_shown_before_it_is_written()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        await front.Next();

        var failed = host.Store.Break(_thread);
        turn.Say("""{"type":"turn.started"}""");
        turn.Complete();
        await failed;

        // A front end's stream is in order: what comes first now, from another thread, shows that nothing was sent before.
        var other = Guid.CreateVersion7();
        await host.Submit(other, front: front);
        Assert.Equal(other, (await front.Next()).ThreadId);
        Assert.Single(await host.Log(_thread));
        host.Store.Repair();

        var batches = await front.UntilTurnEnds();
        Assert.Equal([2L, 3L], batches.Select(batch => batch.FirstSeq));
        Assert.Equal(3, (await host.Log(_thread)).Count);
    }

    [Fact]
    public async Task A_commit_that_failed_is_tried_again_as_the_same_object_by_which_the_store_knows_it()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        await front.Next();

        var failing = host.Store.Break(_thread);
        turn.Complete();
        var failed = await failing;
        host.Store.Repair();
        await front.UntilTurnEnds();

        Assert.Contains(host.Store.Passed, commit => ReferenceEquals(commit, failed));
    }
}
