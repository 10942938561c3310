using CodexOrleans.Storage;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>Turns that have lost their owner, in threads that nobody calls.</summary>
public sealed class SweepSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();
    private readonly Guid _turn = Guid.CreateVersion7();

    [Fact]
    public async Task A_turn_is_ended_although_the_first_call_to_its_thread_is_cancelled()
    {
        await using var host = await ThreadHost.Start(before: LeaveRunning, faults: store => store.CancelNextReads(1));

        await Ended(host);
    }

    [Fact]
    public async Task A_turn_that_comes_after_the_death_of_its_owner_was_noticed_is_ended_too()
    {
        await using var host = await ThreadHost.Start();
        // Once this one's turn runs, what the start looks for has been looked for.
        await host.Submit(Guid.CreateVersion7());
        (await host.Engine.NextTurn()).Complete();

        await LeaveRunning(host.Store);

        await Ended(host);
    }

    private async Task Ended(ThreadHost host)
    {
        await Condition.Becomes(async () => (await host.ReadTurn(_turn))!.Status == TurnStatus.Failed);
        Assert.Contains("host_lost", (await host.Log(_thread))[^1], StringComparison.Ordinal);
    }

    private Task LeaveRunning(IThreadStore store) => LostTurn.Leave(store, _thread, _turn);
}
