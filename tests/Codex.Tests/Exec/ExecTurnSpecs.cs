using System.Text.Json;
using CodexOrleans.Codex.Tests.Support;

namespace CodexOrleans.Codex.Tests.Exec;

public sealed class ExecTurnSpecs : IDisposable
{
    private readonly EngineFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_turn_passes_the_lines_of_the_CLI_as_they_are_but_for_the_thread_id()
    {
        var threadId = Guid.CreateVersion7();

        var turn = await _fixture.Run("started; message hello; completed", session: s => s with { ThreadId = threadId });

        Assert.Equal(
            [
                $$"""{"type":"thread.started","thread_id":"{{threadId}}"}""",
                """{"type":"turn.started"}""",
                """{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"hello"}}""",
                """{"type":"turn.completed","usage":{"input_tokens":123,"cached_input_tokens":23,"cache_write_input_tokens":0,"output_tokens":45,"reasoning_output_tokens":7}}""",
            ],
            turn.Lines);
        Assert.Equal(FakeCodex.FakeCli.SessionId, turn.CodexThreadId);
        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Fact]
    public async Task A_rehearsed_turn_says_what_its_prompt_holds_and_starts_no_CLI()
    {
        using var fixture = new EngineFixture(options => options.ExecutablePath = "/no/such/codex");
        string[] lines =
        [
            """{"type":"turn.started"}""",
            """{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"$(hello) `there` 'you'"}}""",
            """{"type":"turn.completed","usage":{"input_tokens":1}}""",
        ];

        var turn = await fixture.Run(string.Join("\n", lines) + "\n", start => start with { Rehearsal = true });

        Assert.Equal(lines, turn.Lines);
        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Fact]
    public async Task Nothing_is_returned_after_the_terminal_event()
    {
        await using var turn = _fixture.Start("started; completed; message late 9");

        await turn.Record();

        Assert.Null(await turn.Read(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_terminal_event_is_returned_while_the_process_still_runs()
    {
        await using var turn = _fixture.Start("trap '' INT; started; completed; hang");

        await turn.Record();

        Assert.False(turn.Settled.IsCompleted);
    }

    [Fact]
    public async Task A_process_that_stays_after_its_terminal_event_is_ended()
    {
        var turn = await _fixture.Run("started; completed; hang");

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Fact]
    public async Task The_own_usage_of_a_turn_is_the_cumulative_figure_less_the_baseline()
    {
        var turn = await _fixture.Run("started; completed 246", session: s => s with { UsageBefore = new TokenUsage { InputTokens = 100, CachedInputTokens = 20, OutputTokens = 40 } });

        Assert.Equal(new TokenUsage { InputTokens = 146, CachedInputTokens = 3, OutputTokens = 5, ReasoningOutputTokens = 7 }, turn.Outcome.Usage);
        Assert.Equal(246, turn.Outcome.CumulativeUsage?.InputTokens);
    }

    [Fact]
    public async Task A_slow_reader_slows_the_CLI_down_and_loses_nothing()
    {
        // Each line says how many came before it; 20 MB in all, far more than every buffer on the way.
        await using var turn = _fixture.Start(
            """started; awk 'BEGIN { pad = sprintf("%1000s", ""); for (i = 0; i < 20000; i++) printf "{\"type\":\"x\",\"n\":%d,\"pad\":\"%s\"}\n", i, pad }'; echo written >&2; : > done; completed""");
        var lines = await turn.ReadUntil("\"n\":");
        Assert.False(File.Exists(Path.Combine(_fixture.Folder, "done")));

        lines.AddRange((await turn.Record()).Lines);

        Assert.Equal(Enumerable.Range(0, 20_000), lines.Where(l => l.StartsWith("{\"type\":\"x\"", StringComparison.Ordinal)).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("n").GetInt32()));
    }

    [Fact]
    public async Task What_was_printed_before_the_process_died_is_read_however_late_the_reader_is()
    {
        await using var turn = _fixture.Start("started; message one; completed");
        await turn.Settled;

        var recording = await turn.Record();

        Assert.Equal(4, recording.Lines.Count);
        Assert.Equal(TurnStatus.Completed, recording.Outcome.Status);
    }

    [Fact]
    public async Task A_cancelled_read_loses_nothing()
    {
        await using var turn = _fixture.Start("started; while [ ! -e go ]; do sleep 0.01; done; message hello; completed");
        await turn.ReadUntil("turn.started");
        using var cancelled = new CancellationTokenSource();
        var read = turn.Read(cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await read);

        await File.WriteAllTextAsync(Path.Combine(_fixture.Folder, "go"), "", TestContext.Current.CancellationToken);
        var rest = await turn.Record();

        Assert.Equal(2, rest.Lines.Count);
    }

    [Fact]
    public async Task A_CLI_that_is_not_there_is_a_failed_turn()
    {
        using var fixture = new EngineFixture(o => o.ExecutablePath = "/no/such/codex");

        var turn = await fixture.Run("hello");

        Assert.Single(turn.Lines);
        Assert.Equal(FailureCodes.CodexNotStarted, turn.Outcome.ErrorCode);
    }

    [Fact]
    public async Task A_file_that_cannot_be_executed_is_a_failed_turn()
    {
        var file = Path.Combine(_fixture.Folder, "codex");
        await File.WriteAllTextAsync(file, "no program", TestContext.Current.CancellationToken);
        using var fixture = new EngineFixture(o => o.ExecutablePath = file);

        var turn = await fixture.Run("hello");

        Assert.Equal(FailureCodes.CodexNotStarted, turn.Outcome.ErrorCode);
        Assert.DoesNotContain(file, turn.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_working_directory_that_is_not_there_is_a_failed_turn()
    {
        var turn = await _fixture.Run("started; completed", s => s with { Options = new ThreadOptions { WorkingDirectory = "/no/such/folder" } });

        Assert.Equal(FailureCodes.CodexNotStarted, turn.Outcome.ErrorCode);
    }

    [Fact]
    public async Task A_CLI_that_finds_itself_in_another_folder_than_was_checked_gets_no_prompt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells where a process works.");
        var link = Path.Combine(_fixture.Folder, "link");
        Directory.CreateSymbolicLink(link, Directory.CreateDirectory(Path.Combine(_fixture.Folder, "other")).FullName);

        var turn = await _fixture.Run(
            "touch ran; started; completed",
            s => s with { Options = new ThreadOptions { WorkingDirectory = link }, RealWorkingDirectory = link });

        Assert.Equal(FailureCodes.WorkspaceChanged, turn.Outcome.ErrorCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(link));
    }

    [Fact]
    public async Task A_schema_that_cannot_be_written_to_the_disk_is_a_turn_that_failed_for_that()
    {
        await File.WriteAllTextAsync(_fixture.Scratch, "in its place", TestContext.Current.CancellationToken);

        var turn = await _fixture.Run("started; completed", s => s with { OutputSchema = "{}" });

        Assert.Equal(FailureCodes.WorkspaceUnavailable, turn.Outcome.ErrorCode);
    }

    [Fact]
    public async Task Arguments_arrive_as_they_were_built()
    {
        var turn = await _fixture.Run(
            """started; for a; do message "$(printf %s "$a" | od -An -tx1 | tr -d ' \n')"; done; completed""",
            s => s with { Options = s.Options with { Model = "a\"b\\ 'c'\n$HOME ä\\" } });

        var expected = Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes("--model=a\"b\\ 'c'\n$HOME ä\\"));
        Assert.Contains(turn.Lines, l => l.Contains($"\"{expected}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Under_a_terminal_the_CLI_has_a_session_of_its_own_and_can_be_interrupted()
    {
        using var fixture = new EngineFixture(sessionStarter: "/usr/bin/setsid");
        await using var turn = fixture.Start("trap 'exit 1' INT; started; message \"$$ $(cut -d' ' -f6 /proc/$$/stat)\"; while :; do sleep 0.01; done");
        var ids = JsonDocument.Parse((await turn.ReadUntil("agent_message"))[^1]).RootElement.GetProperty("item").GetProperty("text").GetString()!.Split(' ');

        turn.Stop(StopReason.Interrupted);

        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(FailureCodes.Interrupted, (await turn.Record()).Outcome.ErrorCode);
    }

    [Fact]
    public async Task A_session_id_that_is_no_UUID_never_reaches_the_CLI()
    {
        // The CLI would take it for a name, not find it, and open a new session without a word.
        var turn = await _fixture.Run("started; completed", session: s => s with { Resume = "--last" });

        Assert.Single(turn.Lines);
        Assert.Equal(FailureCodes.CodexNotStarted, turn.Outcome.ErrorCode);
    }

    [Fact]
    public async Task A_CLI_that_opens_another_session_than_the_one_to_resume_is_ended_at_once()
    {
        await using var turn = _fixture.Start(
            "thread_started 01a20000-0000-7000-8000-0000000000ff; trap '' INT; hang", session: s => s with { Resume = FakeCodex.FakeCli.SessionId });

        var recording = await turn.Record();
        await turn.Settled;

        Assert.Single(recording.Lines);
        Assert.Equal(FailureCodes.ResumeMismatch, recording.Outcome.ErrorCode);
    }

    [Fact]
    public async Task Disposing_a_turn_ends_its_process()
    {
        var turn = _fixture.Start("trap '' INT TERM; started; echo $$ > pid; message ready; hang");
        await turn.ReadUntil("ready");

        await turn.DisposeAsync();

        Assert.True(turn.Settled.IsCompleted);
        Assert.False(Directory.Exists($"/proc/{(await File.ReadAllTextAsync(Path.Combine(_fixture.Folder, "pid"), TestContext.Current.CancellationToken)).Trim()}"));
    }
}
