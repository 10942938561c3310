using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>The limit on concurrent turns, and the shutdown that waits for them.</summary>
public sealed class CapacitySpecs
{
    [Fact]
    public async Task A_turn_beyond_the_limit_waits_and_starts_when_a_slot_is_free()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        await host.Submit(Guid.CreateVersion7());
        var first = await host.Engine.NextTurn();
        var waiting = host.Submit(Guid.CreateVersion7());
        Assert.False(waiting.IsCompleted);

        first.Complete();

        Assert.NotNull((await waiting).Started);
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact]
    public async Task A_slot_is_free_only_when_the_processes_of_its_turn_are_gone()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        var front = await host.OpenFront();
        await host.Submit(Guid.CreateVersion7(), front: front);
        var first = await host.Engine.NextTurn();
        first.Complete(leave: false);
        await front.UntilTurnEnds();
        Assert.Equal(1, host.Slots.Taken);

        first.Leave();

        await Condition.Becomes(() => host.Slots.Taken == 0);
        Assert.True(first.Disposed);
    }

    [Fact]
    public async Task Waiting_turns_are_served_in_the_order_they_came()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        await host.Submit(Guid.CreateVersion7());
        var running = await host.Engine.NextTurn();
        var waiting = new List<Task<StartTurnResult>>();
        for (var i = 0; i < 5; i++)
        {
            waiting.Add(host.Submit(Guid.CreateVersion7(), prompt: $"prompt {i}"));
            await Condition.Becomes(() => host.Slots.Waiting == waiting.Count);
        }

        for (var i = 0; i < 5; i++)
        {
            running.Complete();
            running = await host.Engine.NextTurn();
            Assert.Equal($"prompt {i}", running.Started.Prompt);
        }

        running.Complete();
    }

    [Fact]
    public async Task Users_who_wait_take_turns_however_many_each_has_waiting()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        await host.Submit(Guid.CreateVersion7());
        var running = await host.Engine.NextTurn();
        List<Task<StartTurnResult>> waiting = [];
        foreach (var (user, prompt) in ((string, string)[])[("many", "many 1"), ("many", "many 2"), ("many", "many 3"), ("few", "few 1")])
        {
            waiting.Add(host.Thread(Guid.CreateVersion7()).StartTurn(host.Request(prompt) with { Admission = new() { User = user } }, null, TestContext.Current.CancellationToken).AsTask());
            await Condition.Becomes(() => host.Slots.Waiting == waiting.Count);
        }

        foreach (var prompt in (string[])["many 1", "few 1", "many 2", "many 3"])
        {
            running.Complete();
            running = await host.Engine.NextTurn();
            Assert.Equal(prompt, running.Started.Prompt);
        }

        running.Complete();
    }

    [Fact]
    public async Task A_user_who_fills_the_queue_gives_way_to_another()
    {
        await using var host = await ThreadHost.Start(options => (options.MaxConcurrentTurns, options.MaxQueueLength) = (1, 3));
        await host.Submit(Guid.CreateVersion7());
        List<Task<StartTurnResult>> many = [];
        for (var i = 0; i < 3; i++)
        {
            many.Add(Submit("many"));
            await Condition.Becomes(() => host.Slots.Waiting == many.Count);
        }

        Assert.Equal(RefusalCodes.ServerBusy, (await Submit("many")).Refusal!.Code);
        var other = Submit("other");

        Assert.Equal(RefusalCodes.ServerBusy, (await many[2]).Refusal!.Code);
        Assert.Equal(3, host.Slots.Waiting);
        for (var i = 0; i < 4; i++)
            (await host.Engine.NextTurn()).Complete();
        Assert.NotNull((await other).Started);
        Assert.All(await Task.WhenAll(many[..2]), result => Assert.NotNull(result.Started));

        Task<StartTurnResult> Submit(string user) =>
            host.Thread(Guid.CreateVersion7()).StartTurn(host.Request() with { Admission = new() { User = user } }, null, TestContext.Current.CancellationToken).AsTask();
    }

    [Fact]
    public async Task A_turn_that_waited_too_long_is_refused_with_a_time_to_come_back()
    {
        await using var host = await ThreadHost.Start(options =>
        {
            options.MaxConcurrentTurns = 1;
            options.MaxQueueWait = TimeSpan.FromMilliseconds(50);
        });
        await host.Submit(Guid.CreateVersion7());
        var late = Guid.CreateVersion7();

        var result = await host.Submit(late);

        Assert.Equal(RefusalCodes.ServerBusy, result.Refusal!.Code);
        Assert.True(result.Refusal.RetryAfterSeconds > 0);
        Assert.Null(await host.ReadThread(late));
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        await using var host = await ThreadHost.Start(options =>
        {
            options.MaxConcurrentTurns = 1;
            options.MaxQueueLength = 0;
            options.MaxQueueWait = TimeSpan.FromHours(1);
        });
        await host.Submit(Guid.CreateVersion7());

        var result = await host.Submit(Guid.CreateVersion7());

        Assert.Equal(RefusalCodes.ServerBusy, result.Refusal!.Code);
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact]
    public async Task A_caller_that_gives_up_waiting_leaves_the_queue()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        await host.Submit(Guid.CreateVersion7());
        using var giveUp = new CancellationTokenSource();
        var waiting = host.Thread(Guid.CreateVersion7()).StartTurn(host.Request(), null, giveUp.Token).AsTask();
        await Condition.Becomes(() => host.Slots.Waiting == 1);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Condition.Becomes(() => host.Slots.Waiting == 0);
        (await host.Engine.NextTurn()).Complete();
    }

    [Fact]
    public async Task A_closed_host_takes_no_turn_and_lets_the_waiting_go()
    {
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1);
        await host.Submit(Guid.CreateVersion7());
        var waiting = host.Submit(Guid.CreateVersion7());
        await Condition.Becomes(() => host.Slots.Waiting == 1);

        host.Slots.Close();

        Assert.Equal(RefusalCodes.HostDraining, (await waiting).Refusal!.Code);
        Assert.Equal(RefusalCodes.HostDraining, (await host.Submit(Guid.CreateVersion7())).Refusal!.Code);
        (await host.Engine.NextTurn()).Complete();
        await host.Slots.Idle();
    }

    [Fact]
    public async Task A_turn_that_outlives_the_shutdown_is_told_so()
    {
        await using var host = await ThreadHost.Start();
        await host.Submit(Guid.CreateVersion7());
        var turn = await host.Engine.NextTurn();

        host.Slots.Close();
        host.Slots.StopAll(StopReason.HostDraining);

        Assert.Equal(StopReason.HostDraining, await turn.Stopped);
        turn.Fail(FailureCodes.HostDraining);
        await host.Slots.Idle();
    }
}
