using System.Text;
using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>One owner, and what becomes of a turn that lost its own.</summary>
public sealed class OwnershipSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();

    [Fact]
    public async Task An_owner_that_was_claimed_away_writes_no_more_and_ends_its_process()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        await front.Next();
        Assert.Equal(CommitResult.Committed, await host.Store.Commit(new ThreadCommit { ThreadId = _thread, Generation = 2, Claim = true, ExpectedHead = 1 }));

        turn.Say("""{"type":"turn.started"}""");

        Assert.Equal(StopReason.Fenced, await turn.Stopped);
        Assert.Single(await host.Log(_thread));
        Assert.True(front.IsEmpty);
        turn.Leave();
    }

    [Fact]
    public async Task A_start_by_an_owner_that_was_claimed_away_is_refused_and_the_new_owner_takes_it()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        // Followed, the thread stays in memory with what it knew.
        await host.Thread(_thread).Attach(front.Id);
        (await host.Engine.NextTurn()).Complete();
        await front.UntilTurnEnds();
        Assert.Equal(CommitResult.Committed, await host.Store.Commit(new ThreadCommit { ThreadId = _thread, Generation = 2, Claim = true, ExpectedHead = 2 }));

        var refused = await host.Submit(_thread, newThread: false);
        Assert.Equal(RefusalCodes.TurnInProgress, refused.Refusal?.Code);
        Assert.Equal(2, (await host.Log(_thread)).Count);

        var accepted = await host.Submit(_thread, newThread: false, front: front);
        (await host.Engine.NextTurn()).Complete();
        Assert.Equal(3, accepted.Started?.FirstSeq);
        Assert.Equal([3L, 4L], (await front.UntilTurnEnds()).Select(batch => batch.FirstSeq));
    }

    [Fact]
    public async Task A_turn_found_running_without_an_owner_is_ended_once_with_its_open_items_closed()
    {
        var turnId = Guid.CreateVersion7();
        await using var host = await ThreadHost.Start(before: store => LeaveRunning(store, _thread, turnId));

        await host.Thread(_thread).Recover();
        await host.Thread(_thread).Recover();

        var log = await host.Log(_thread);
        Assert.Equal(6, log.Count);
        Assert.Contains("\"type\":\"item.completed\"", log[4]);
        Assert.Contains("\"id\":\"item_1\"", log[4]);
        Assert.Contains("\"status\":\"failed\"", log[4]);
        Assert.Contains("\"type\":\"turn.failed\"", log[5]);
        Assert.Contains("\"code\":\"host_lost\"", log[5]);
        var turn = (await host.ReadTurn(turnId))!;
        Assert.Equal((TurnStatus.Failed, FailureCodes.HostLost, 6L), (turn.Status, turn.ErrorCode, turn.LastSeq!.Value));
    }

    [Fact]
    public async Task Lost_turns_are_ended_at_start_with_nobody_watching()
    {
        var threads = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToList();
        await using var host = await ThreadHost.Start(before: async store =>
        {
            foreach (var thread in threads)
                await LeaveRunning(store, thread, Guid.CreateVersion7());
        });

        await Condition.Becomes(async () => (await host.Store.ReadRunningTurns(TestContext.Current.CancellationToken)).Count == 0);

        foreach (var thread in threads)
            Assert.Contains("host_lost", (await host.Log(thread))[^1]);
    }

    [Fact]
    public async Task A_recovered_thread_takes_a_new_turn()
    {
        await using var host = await ThreadHost.Start(before: store => LeaveRunning(store, _thread, Guid.CreateVersion7()));
        var front = await host.OpenFront();

        var result = await host.Submit(_thread, newThread: false, front: front);
        (await host.Engine.NextTurn()).Complete();
        var batches = await front.UntilTurnEnds();

        Assert.Equal(7, result.Started!.FirstSeq);
        Assert.Equal(8, batches[^1].LastSeq);
    }

    /// <summary>What a process that was killed in the middle of a turn leaves: one item done, one open.</summary>
    private static async Task LeaveRunning(IThreadStore store, Guid thread, Guid turn)
    {
        var result = await store.Commit(new ThreadCommit
        {
            ThreadId = thread,
            Generation = 1,
            Claim = true,
            ExpectedHead = 0,
            TurnStart = new TurnStart(turn, "a host that is gone", 1),
            Options = "{}",
            Chunks =
            [
                new LogChunk
                {
                    FirstSeq = 1,
                    LastSeq = 4,
                    TurnId = turn,
                    At = 1,
                    Kind = 0,
                    Lines = Encoding.UTF8.GetBytes(string.Concat(
                        """{"type":"turn.submitted","prompt":"p"}""" + "\n",
                        """{"type":"item.started","item":{"id":"item_0","type":"command_execution","command":"true","aggregated_output":"","exit_code":null,"status":"in_progress"}}""" + "\n",
                        """{"type":"item.completed","item":{"id":"item_0","type":"command_execution","command":"true","aggregated_output":"","exit_code":0,"status":"completed"}}""" + "\n",
                        """{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"sleep","aggregated_output":"","exit_code":null,"status":"in_progress"}}""" + "\n")),
                },
            ],
        });
        Assert.Equal(CommitResult.Committed, result);
    }
}
