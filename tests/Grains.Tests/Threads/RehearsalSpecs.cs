using System.Net;
using CodexOrleans.Storage.Postgres.Cluster;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>Turns by which a server warms up: like others, but on threads of their own that leave nothing.</summary>
public sealed class RehearsalSpecs
{
    private static readonly Guid _reserved = RehearsalThreads.Of("an installation")[3];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rehearsal_needs_no_CLI_and_the_users_turn_still_does()
    {
        await using var host = await ThreadHost.Start();
        host.Engine.IsInstalled = false;

        var rehearsed = await Rehearse(host, _reserved);
        var turn = await host.Engine.NextTurn();
        turn.Complete();
        var users = await host.Submit(Guid.CreateVersion7());

        Assert.NotNull(rehearsed.Started);
        Assert.True(turn.Started.Rehearsal);
        Assert.Equal(RefusalCodes.CodexNotInstalled, users.Refusal?.Code);
    }

    [Fact]
    public async Task A_forgotten_rehearsal_leaves_nothing_and_can_be_repeated()
    {
        await using var host = await ThreadHost.Start();
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(1, (await Rehearse(host, _reserved)).Started?.FirstSeq);
            (await host.Engine.NextTurn()).Complete();
            await host.Thread(_reserved).ForgetRehearsal();

            Assert.Null(await host.ReadThread(_reserved));
            Assert.Empty(await host.Log(_reserved));
        }
    }

    [Fact]
    public async Task A_rehearsal_that_runs_is_ended_before_it_is_forgotten()
    {
        await using var host = await ThreadHost.Start();
        await Rehearse(host, _reserved);
        var turn = await host.Engine.NextTurn();

        var forgotten = host.Thread(_reserved).ForgetRehearsal();
        await turn.Stopped;
        turn.Fail(FailureCodes.HostDraining);
        await forgotten;

        Assert.Null(await host.ReadThread(_reserved));
    }

    [Fact]
    public async Task What_a_killed_start_left_running_can_be_forgotten()
    {
        await using var host = await ThreadHost.Start(before: store => LostTurn.Leave(store, _reserved, Guid.CreateVersion7()));

        await host.Thread(_reserved).ForgetRehearsal();

        Assert.Null(await host.ReadThread(_reserved));
    }

    [Fact]
    public async Task A_users_thread_is_never_forgotten()
    {
        await using var host = await ThreadHost.Start();
        var thread = Guid.CreateVersion7();
        await host.Submit(thread);
        (await host.Engine.NextTurn()).Complete();

        await host.Thread(thread).ForgetRehearsal();

        Assert.NotNull(await host.ReadThread(thread));
    }

    [Fact]
    public async Task Users_have_no_turns_on_reserved_threads_and_rehearsals_none_elsewhere()
    {
        await using var host = await ThreadHost.Start();

        var users = await host.Submit(_reserved);
        var rehearsal = await Rehearse(host, Guid.CreateVersion7());

        Assert.Equal(RefusalCodes.ThreadNotFound, users.Refusal?.Code);
        Assert.Equal(RefusalCodes.ThreadNotFound, rehearsal.Refusal?.Code);
    }

    [Fact]
    public async Task A_rehearsal_waits_for_a_slot_of_its_own_silo_where_a_users_turn_would_go_to_another()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1");
        await using var host = await ThreadHost.Start(options => options.MaxConcurrentTurns = 1, archive: new PostgresSessionArchive(nowhere));
        host.Slots.Link(() => { });
        await host.Submit(Guid.CreateVersion7());
        var running = await host.Engine.NextTurn();

        var users = host.Thread(Guid.CreateVersion7()).StartTurn(host.Request("a user's") with { Admission = new() { User = "a user", MayMove = true } }, null, Cancel).AsTask();
        var rehearsal = host.Thread(_reserved).StartTurn(host.Request("a rehearsal") with { Rehearsal = true, Admission = new() { MayMove = true } }, null, Cancel).AsTask();
        await Condition.Becomes(() => host.Slots.Waiting == 2);

        var waiting = host.Slots.Report(SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 0), 1).Waiting;
        Assert.Equal([("", false), ("a user", true)], waiting.Select(turn => (turn.User, turn.Anywhere)).Order());
        host.Slots.RefuseWaiting();
        await users;
        await rehearsal;
        running.Complete();
    }

    private static ValueTask<StartTurnResult> Rehearse(ThreadHost host, Guid thread) =>
        host.Thread(thread).StartTurn(host.Request() with { Rehearsal = true }, null, Cancel);
}
