using System.Text;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>The life of a turn as its thread leads it.</summary>
public sealed class TurnSpecs
{
    private readonly Guid _thread = Guid.CreateVersion7();

    [Fact]
    public async Task A_turn_is_on_disk_with_its_prompt_before_the_start_returns()
    {
        await using var host = await ThreadHost.Start();

        var result = await host.Submit(_thread, "what is \"this\"?\n");

        var submitted = Assert.Single(await host.Log(_thread));
        Assert.Contains($"\"type\":\"turn.submitted\",\"turn_id\":\"{result.Started!.TurnId}\"", submitted);
        Assert.Contains("""
            "prompt":"what is \"this\"?\n"
            """.Trim(), submitted);
        Assert.Contains("\"sandbox\":\"workspace-write\"", submitted);
        Assert.Equal(1, result.Started.FirstSeq);
        Assert.Equal(TurnStatus.Running, (await host.ReadTurn(result.Started.TurnId))!.Status);
        await EndTurn(host);
    }

    [Fact]
    public async Task What_a_front_end_receives_is_on_disk_already()
    {
        await using var host = await ThreadHost.Start();
        var headAtReceipt = new List<(long Received, long Stored)>();
        var front = await host.OpenFront(async batch => headAtReceipt.Add((batch.LastSeq, (await host.ReadThread(_thread))!.HeadSeq)));

        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        for (var i = 0; i < 200; i++)
            turn.Say($$$"""{"type":"item.completed","item":{"id":"item_{{{i}}}","type":"agent_message","text":"t"}}""");
        turn.Complete();
        await front.UntilTurnEnds();

        Assert.All(headAtReceipt, receipt => Assert.True(receipt.Stored >= receipt.Received, $"{receipt} was published before it was stored"));
    }

    [Fact]
    public async Task Published_batches_are_the_log_without_gap_or_repeat()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();

        await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();
        turn.SayThreadStarted("codex-session");
        turn.Say("""{"type":"turn.started"}""", """{"type":"item.started","item":{"id":"item_0","type":"reasoning"}}""");
        turn.Complete();
        var batches = await front.UntilTurnEnds();

        var next = 1L;
        foreach (var batch in batches)
        {
            Assert.Equal(next, batch.FirstSeq);
            Assert.Equal(batch.LastSeq - batch.FirstSeq + 1, batch.Lines.Count(b => b == '\n'));
            next = batch.LastSeq + 1;
        }

        Assert.Equal(await host.Log(_thread), Encoding.UTF8.GetString([.. batches.SelectMany(b => b.Lines)]).TrimEnd('\n').Split('\n'));
        Assert.Equal(EventKind.Server, batches[0].Kind);
        Assert.All(batches[1..], batch => Assert.Equal(EventKind.Codex, batch.Kind));
        Assert.Equal("codex-session", (await host.ReadThread(_thread))!.CodexThreadId);
    }

    [Fact]
    public async Task A_second_prompt_while_a_turn_runs_is_refused_and_leaves_no_trace()
    {
        await using var host = await ThreadHost.Start();
        await host.Submit(_thread);

        var second = await host.Submit(_thread, newThread: false);

        Assert.Equal(RefusalCodes.TurnInProgress, second.Refusal!.Code);
        Assert.Single(await host.Log(_thread));
        await EndTurn(host);
    }

    [Fact]
    public async Task A_thread_that_never_was_is_not_found_and_not_made()
    {
        await using var host = await ThreadHost.Start();

        var result = await host.Submit(_thread, newThread: false);

        Assert.Equal(RefusalCodes.ThreadNotFound, result.Refusal!.Code);
        Assert.False((await host.Thread(_thread).Attach("front")).Exists);
        Assert.Null(await host.ReadThread(_thread));
    }

    [Fact]
    public async Task A_later_turn_continues_the_session_with_its_options_and_usage()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Thread(_thread).StartTurn(host.Request(options: new ThreadOptions { Model = "gpt-5", Sandbox = SandboxMode.ReadOnly }), front.Id, TestContext.Current.CancellationToken);
        var first = await host.Engine.NextTurn();
        first.SayThreadStarted("codex-session");
        first.Complete(cumulativeInput: 100);
        await front.UntilTurnEnds();

        var result = await host.Thread(_thread).StartTurn(host.Request(newThread: false, options: new ThreadOptions { Model = "gpt-6" }), front.Id, TestContext.Current.CancellationToken);
        var second = await host.Engine.NextTurn();
        second.Complete(cumulativeInput: 130);
        await front.UntilTurnEnds();

        Assert.Equal(100, second.Started.UsageBefore.InputTokens);
        Assert.Equal("gpt-6", second.Started.Options.Model);
        Assert.Equal(SandboxMode.ReadOnly, second.Started.Options.Sandbox);
        Assert.Equal(30, (await host.ReadTurn(result.Started!.TurnId))!.Usage!.InputTokens);
        Assert.Equal(130, (await host.ReadThread(_thread))!.CumulativeUsage.InputTokens);
    }

    [Fact]
    public async Task A_lost_session_is_replaced_by_a_new_one_that_is_told_what_was_said()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, "my name is Ada", front: front);
        var first = await host.Engine.NextTurn();
        first.SayThreadStarted("lost-session");
        first.Say("""{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"Hello Ada."}}""");
        first.Complete(cumulativeInput: 100);
        await front.UntilTurnEnds();
        host.Engine.Lost.Add("lost-session");

        await host.Submit(_thread, "what is my name?", newThread: false);
        var second = await host.Engine.NextTurn();
        second.Complete();

        Assert.Null(second.Started.ResumeCodexThreadId);
        Assert.Equal(0, second.Started.UsageBefore.InputTokens);
        Assert.Matches("(?s)User: my name is Ada.*Assistant: Hello Ada\\..*what is my name\\?$", second.Started.Prompt);
    }

    [Fact]
    public async Task What_cannot_be_told_of_a_lost_session_does_not_keep_the_thread_from_going_on()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, "my name is Ada", front: front);
        var first = await host.Engine.NextTurn();
        first.Say(
            $$$"""{"type":"item.completed","item":{"id":"item_0","type":"mcp_tool_call","arguments":{{{new string('[', 500)}}}{{{new string(']', 500)}}}}}""",
            """{"type":"item.completed","item":{"id":"item_1","type":"agent_message","text":"half a character: \ud83d"}}""",
            """{"type":"item.completed","item":{"id":"item_2"}}""",
            """{"type":"item.completed","item":{"id":"item_3","type":"agent_message","text":7}}""",
            """{"type":"item.completed","item":{"id":"item_4","type":"agent_message","text":"Hello Ada."}}""");
        first.Complete();
        await front.UntilTurnEnds();

        await host.Submit(_thread, "what is my name?", newThread: false);
        var second = await host.Engine.NextTurn();
        second.Complete();

        Assert.Matches("(?s)User: my name is Ada.*Assistant: Hello Ada\\..*what is my name\\?$", second.Started.Prompt);
    }

    [Fact]
    public async Task A_session_that_is_still_there_is_resumed_with_the_prompt_alone()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var first = await host.Engine.NextTurn();
        first.SayThreadStarted("codex-session");
        first.Complete();
        await front.UntilTurnEnds();

        await host.Submit(_thread, "go on", newThread: false);
        var second = await host.Engine.NextTurn();
        second.Complete();

        Assert.Equal(("codex-session", "go on"), (second.Started.ResumeCodexThreadId, second.Started.Prompt));
    }

    [Fact]
    public async Task The_next_turn_starts_its_process_only_when_the_last_one_has_gone()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        await host.Submit(_thread, front: front);
        var first = await host.Engine.NextTurn();
        first.Complete(leave: false);
        await front.UntilTurnEnds();

        var accepted = await host.Submit(_thread, newThread: false, front: front);
        var starting = host.Engine.NextTurn();

        Assert.NotNull(accepted.Started);
        Assert.Equal(EventKind.Server, (await front.Next()).Kind);
        Assert.False(starting.IsCompleted);
        first.Leave();
        (await starting).Complete();
        await front.UntilTurnEnds();
    }

    [Fact]
    public async Task An_interrupt_reaches_the_running_turn_and_only_that_one()
    {
        await using var host = await ThreadHost.Start();
        var front = await host.OpenFront();
        var started = await host.Submit(_thread, front: front);
        var turn = await host.Engine.NextTurn();

        Assert.Null(await host.Thread(_thread).Interrupt(Guid.NewGuid()));
        Assert.False(turn.IsStopped);
        Assert.Equal(started.Started!.TurnId, await host.Thread(_thread).Interrupt(null));

        Assert.Equal(StopReason.Interrupted, await turn.Stopped);
        turn.Fail(FailureCodes.Interrupted);
        await front.UntilTurnEnds();
        Assert.Null(await host.Thread(_thread).Interrupt(null));
    }

    [Fact]
    public async Task A_thread_without_the_cli_refuses_and_writes_nothing()
    {
        await using var host = await ThreadHost.Start();
        host.Engine.IsInstalled = false;

        var result = await host.Submit(_thread);

        Assert.Equal(RefusalCodes.CodexNotInstalled, result.Refusal!.Code);
        Assert.Null(await host.ReadThread(_thread));
    }

    [Fact]
    public async Task A_thread_whose_cli_is_not_logged_in_refuses_and_writes_nothing()
    {
        await using var host = await ThreadHost.Start();
        host.Engine.IsLoggedOut = true;

        var result = await host.Submit(_thread);

        Assert.Equal(RefusalCodes.CodexNotLoggedIn, result.Refusal!.Code);
        Assert.Null(await host.ReadThread(_thread));
    }

    [Fact]
    public async Task A_thread_without_a_working_directory_gets_a_git_repository_of_its_own()
    {
        await using var host = await ThreadHost.Start();

        await host.Thread(_thread).StartTurn(new TurnRequest { Prompt = "p", NewThread = true }, null, TestContext.Current.CancellationToken);
        var turn = await host.Engine.NextTurn();

        Assert.EndsWith(_thread.ToString(), turn.Started.Options.WorkingDirectory);
        Assert.True(Directory.Exists(Path.Combine(turn.Started.Options.WorkingDirectory!, ".git")));
        turn.Complete();
    }

    private static async Task EndTurn(ThreadHost host) => (await host.Engine.NextTurn()).Complete();
}
