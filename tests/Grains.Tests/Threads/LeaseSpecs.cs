using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>How long a thread publishes to a front end.</summary>
public sealed class LeaseSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();

    [Fact]
    public async Task A_front_end_hears_a_thread_for_as_long_as_it_renews_its_lease()
    {
        await using var host = await ThreadHost.Start();
        var renews = await host.OpenFront();
        var lapses = await host.OpenFront();
        await host.Submit(_thread, front: lapses);
        var turn = await host.Engine.NextTurn();
        var lease = TimeSpan.FromSeconds((await host.Thread(_thread).Attach(renews.Id)).LeaseSeconds);
        Assert.Equal(1, (await lapses.Next()).FirstSeq);

        host.Time.Advance(lease / 2);
        await host.Thread(_thread).Attach(renews.Id);
        turn.Say("""{"type":"turn.started"}""");
        Assert.Equal(2, (await renews.Next()).FirstSeq);
        Assert.Equal(2, (await lapses.Next()).FirstSeq);

        host.Time.Advance(lease * 0.75);
        turn.Say("""{"type":"item.started"}""");
        Assert.Equal(3, (await renews.Next()).FirstSeq);

        // A stream is in order: what comes first now shows that nothing was sent before.
        await host.Thread(_thread).Attach(lapses.Id);
        turn.Say("""{"type":"item.updated"}""");
        Assert.Equal(4, (await renews.Next()).FirstSeq);
        Assert.Equal(4, (await lapses.Next()).FirstSeq);
    }

    [Fact]
    public async Task A_front_end_that_detached_hears_nothing_more()
    {
        await using var host = await ThreadHost.Start();
        var stays = await host.OpenFront();
        var leaves = await host.OpenFront();
        await host.Submit(_thread, front: leaves);
        var turn = await host.Engine.NextTurn();
        Assert.Equal(1, (await leaves.Next()).FirstSeq);
        var attached = await host.Thread(_thread).Attach(stays.Id);
        Assert.True(attached is { Exists: true, HeadSeq: 1, RunningTurnId: not null });

        await host.Thread(_thread).Detach(leaves.Id);
        turn.Say("""{"type":"turn.started"}""");
        Assert.Equal(2, (await stays.Next()).FirstSeq);

        await host.Thread(_thread).Attach(leaves.Id);
        turn.Say("""{"type":"item.started"}""");
        Assert.Equal(3, (await leaves.Next()).FirstSeq);
    }

    [Fact]
    public async Task A_front_end_that_came_with_a_turn_hears_its_end_and_nothing_of_the_next_one()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        (await host.Engine.NextTurn()).Complete();
        Assert.Equal([1L, 2L], (await front.UntilTurnEnds()).Select(batch => batch.FirstSeq));

        await host.Submit(_thread, newThread: false);
        var next = await host.Engine.NextTurn();
        // A stream is in order: what comes first now shows that nothing was sent before.
        await host.Thread(_thread).Attach(front.Id);
        next.Say("""{"type":"turn.started"}""");

        Assert.Equal(4, (await front.Next()).FirstSeq);
    }

    [Fact]
    public async Task A_front_end_that_attached_meanwhile_hears_the_next_turn()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        await host.Thread(_thread).Attach(front.Id);
        turn.Complete();
        await front.UntilTurnEnds();

        await host.Submit(_thread, newThread: false);
        (await host.Engine.NextTurn()).Complete();

        Assert.Equal([3L, 4L], (await front.UntilTurnEnds()).Select(batch => batch.FirstSeq));
    }

    [Fact]
    public async Task A_front_end_that_was_attached_before_a_turn_came_from_it_stays_attached()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        await host.Thread(_thread).Attach(front.Id);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();
        await host.Submit(_thread, newThread: false, front: front);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();

        await host.Submit(_thread, newThread: false);
        (await host.Engine.NextTurn()).Complete();

        Assert.Equal([5L, 6L], (await front.UntilTurnEnds()).Select(batch => batch.FirstSeq));
    }

    [Fact]
    public async Task The_end_of_a_turn_that_is_over_ends_no_lease_of_the_next_one()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var first = await host.Engine.NextTurn();
        first.Complete(leave: false);
        await front.UntilTurnEnds();

        await host.Submit(_thread, newThread: false, front: front);
        first.Leave();
        (await host.Engine.NextTurn()).Complete();

        Assert.Equal([3L, 4L], (await front.UntilTurnEnds()).Select(batch => batch.FirstSeq));
    }

    [Fact]
    public async Task A_thread_nobody_follows_leaves_memory_after_its_turn_and_comes_back_for_the_next_one()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var first = await host.Engine.NextTurn();
        first.SayThreadStarted(ScriptedEngine.Session);
        first.Complete(cumulativeInput: 100);
        await front.UntilTurnEnds();

        Assert.Equal(_thread, await host.Activations.Left());
        var next = await host.Submit(_thread, newThread: false, front: front);
        var second = await host.Engine.NextTurn();
        second.Complete();

        Assert.Equal(4, next.Started?.FirstSeq);
        Assert.Equal((ScriptedEngine.Session, 100), (second.Resumed, second.UsageBefore.InputTokens));
        Assert.Equal([4L, 5L], (await front.UntilTurnEnds()).Select(batch => batch.FirstSeq));
        Assert.Equal(_thread, await host.Activations.Left());
    }

    [Fact]
    public async Task A_thread_that_is_followed_stays_in_memory_until_it_is_not()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        await host.Thread(_thread).Attach(front.Id);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();
        var another = Guid.CreateVersion7();
        await host.Submit(another);
        (await host.Engine.NextTurn()).Complete();
        Assert.Equal(another, await host.Activations.Left());
        await host.Thread(_thread).Attach(front.Id);
        Assert.Equal(2, host.Activations.Entered);

        await host.Thread(_thread).Detach(front.Id);

        Assert.Equal(_thread, await host.Activations.Left());
    }

    [Fact]
    public async Task A_thread_stays_in_memory_until_the_processes_of_its_turn_are_gone()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        turn.Complete(leave: false);
        await front.UntilTurnEnds();

        await host.Thread(_thread).Detach(front.Id);
        await host.Thread(_thread).Detach(front.Id);
        Assert.Equal(1, host.Activations.Entered);
        Assert.False(turn.Disposed);
        turn.Leave();

        Assert.Equal(_thread, await host.Activations.Left());
        Assert.True(turn.Disposed);
    }

    [Fact]
    public async Task Nothing_is_left_of_a_call_for_a_thread_that_does_not_exist()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        Func<IThreadGrain, ValueTask>[] calls =
        [
            async thread => Assert.Null(await thread.Interrupt(null)),
            async thread => Assert.Null(await thread.Interrupt(Guid.CreateVersion7())),
            async thread => Assert.False((await thread.Attach(front.Id)).Exists),
            thread => thread.Detach(front.Id),
            thread => thread.Recover(),
            async thread =>
            {
                var started = await thread.StartTurn(host.Request(newThread: false), front.Id, TestContext.Current.CancellationToken);
                Assert.Equal(RefusalCodes.ThreadNotFound, started.Refusal?.Code);
            },
        ];

        foreach (var call in calls)
        {
            var stranger = Guid.CreateVersion7();
            await call(host.Thread(stranger));
            Assert.Equal(stranger, await host.Activations.Left());
        }
    }

    [Fact]
    public async Task A_thread_that_runs_nothing_leaves_memory_when_an_interrupt_has_come_for_it()
    {
        await using var host = await ThreadHost.Start();
        await host.Submit(_thread);
        (await host.Engine.NextTurn()).Complete();
        Assert.Equal(_thread, await host.Activations.Left());

        Assert.Null(await host.Thread(_thread).Interrupt(null));

        Assert.Equal(_thread, await host.Activations.Left());
        Assert.Equal(2, host.Activations.Entered);
    }

    [Fact]
    public async Task A_refused_turn_keeps_no_thread_in_memory()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        turn.Complete(leave: false);
        await front.UntilTurnEnds();
        var failed = host.Store.Break();

        // Waits for the slot that the last turn's process still holds, and begins when that is gone.
        var starting = host.Submit(_thread, newThread: false, front: front);
        await Condition.Becomes(() => host.Slots.Waiting == 1);
        turn.Leave();
        await failed;

        Assert.Equal(RefusalCodes.StorageUnavailable, (await starting).Refusal?.Code);
        host.Store.Repair();
        Assert.Equal(_thread, await host.Activations.Left());
    }

    [Fact]
    public async Task A_lease_that_has_run_out_does_not_outlive_the_turn_that_brings_the_next_one()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var lease = TimeSpan.FromSeconds((await host.Thread(_thread).Attach(front.Id)).LeaseSeconds);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();
        host.Time.Advance(lease * 2);

        await host.Submit(_thread, newThread: false, front: front);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();

        Assert.Equal(_thread, await host.Activations.Left());
    }
}
