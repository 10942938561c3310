using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>Turns that have lost their owner, in threads that nobody calls.</summary>
public sealed class SweepSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();
    private readonly Guid _turn = Guid.CreateVersion7();

    [Fact]
    public async Task A_turn_that_was_given_up_is_ended_although_the_first_call_to_its_thread_is_cancelled()
    {
        await using var host = await ThreadHost.Start();
        // No sweep looks for a turn of a host that lives.
        await LostTurn.Leave(host.Store, _thread, _turn, owner: host.Name);
        var calls = 0;
        var secondCall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var sweep = host.CreateSweep(ScriptedGrains.Create(async thread =>
        {
            // As those are that another silo has not answered when it stops.
            if (++calls == 1)
                throw new TaskCanceledException();
            await host.Thread(thread).Recover();
            secondCall.TrySetResult();
        }));
        await sweep.StartAsync(TestContext.Current.CancellationToken);

        sweep.End(_thread, _turn);

        await secondCall.Task.WaitAsync(ScriptedEngine.Patience, TestContext.Current.CancellationToken);
        await Ended(host);
        await sweep.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_turn_that_comes_after_the_death_of_its_owner_was_noticed_is_ended_too()
    {
        await using var host = await ThreadHost.Start();
        // Once this one's turn runs, what the start looks for has been looked for.
        await host.Submit(Guid.CreateVersion7());
        (await host.Engine.NextTurn()).Complete();

        await LostTurn.Leave(host.Store, _thread, _turn);

        await Ended(host);
    }

    private async Task Ended(ThreadHost host)
    {
        await Condition.Becomes(async () => (await host.ReadTurn(_turn))!.Status == TurnStatus.Failed);
        Assert.Contains("host_lost", (await host.Log(_thread))[^1], StringComparison.Ordinal);
    }
}
