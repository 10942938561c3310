using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Tests.Codex;

/// <summary>A CLI that ends without a terminal event, in all its ways.</summary>
public sealed class BadExitSpecs : IDisposable
{
    private readonly EngineFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task A_CLI_that_says_nothing_is_a_failed_turn_with_no_invented_events(int exitCode)
    {
        var turn = await _fixture.Run($"exit {exitCode}");

        Assert.StartsWith("{\"type\":\"turn.failed\"", Assert.Single(turn.Lines), StringComparison.Ordinal);
        Assert.Equal((TurnStatus.Failed, FailureCodes.CodexExited), (turn.Outcome.Status, turn.Outcome.ErrorCode));
        Assert.Contains($"exit code {exitCode}", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_message_holds_what_the_CLI_said_on_stderr()
    {
        var turn = await _fixture.Run(
            """
            echo 'Reading additional input from stdin...' >&2
            printf '\033[31mError:\033[0m thread/resume failed: no rollout found\n\nStack backtrace:\n   0: <unknown>\n  11: <unknown>\n' >&2
            exit 1
            """);

        Assert.Equal("The Codex CLI ended without finishing the turn (exit code 1): Error: thread/resume failed: no rollout found", turn.Outcome.ErrorMessage);
    }

    [Fact]
    public async Task The_death_by_a_signal_is_told()
    {
        var turn = await _fixture.Run("started; kill -9 $$");

        Assert.Equal(3, turn.Lines.Count);
        Assert.Contains("signal 9", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_in_the_middle_closes_the_open_item_first()
    {
        var turn = await _fixture.Run("started; command_started ls; exit 101");

        Assert.Equal(5, turn.Lines.Count);
        Assert.Contains("\"status\":\"failed\"", turn.Lines[3], StringComparison.Ordinal);
        Assert.Contains("\"code\":\"codex_exited\"", turn.Lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_exit_after_the_terminal_event_changes_nothing()
    {
        var turn = await _fixture.Run("started; completed; exit 1");

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Fact]
    public async Task The_CLIs_own_failure_is_the_terminal_event_whatever_the_exit_code()
    {
        var turn = await _fixture.Run("started; failed 'no quota'; exit 1");

        Assert.Equal((TurnStatus.Failed, null, "no quota"), (turn.Outcome.Status, turn.Outcome.ErrorCode, turn.Outcome.ErrorMessage));
        Assert.Equal(3, turn.Lines.Count);
    }

    [Fact]
    public async Task Four_megabytes_on_stderr_block_nothing_and_leave_their_end()
    {
        var turn = await _fixture.Run("started; bytes 4000000 e >&2; message hi; echo ' the last words' >&2; exit 3");

        Assert.Contains("hi", turn.Lines[2], StringComparison.Ordinal);
        Assert.EndsWith("the last words", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
        Assert.True(turn.Outcome.ErrorMessage!.Length < 5_000);
    }

    [Fact]
    public async Task Stderr_that_is_no_UTF8_is_told_as_text()
    {
        var turn = await _fixture.Run("printf 'bad \\377 byte\\n' >&2; exit 1");

        Assert.Contains("bad \uFFFD byte", turn.Outcome.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_CLI_that_never_reads_its_prompt_ends_as_it_likes()
    {
        using var fixture = new EngineFixture(o => o.Environment["FAKE_CODEX_SCRIPT"] = "exec <&-; started; completed");

        var turn = await fixture.Run(new string('p', 1_000_000));

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
    }

    [Fact]
    public async Task A_CLI_that_closes_its_stdout_and_stays_is_ended()
    {
        var turn = await _fixture.Run("started; exec >&-; hang");

        Assert.Equal(FailureCodes.CodexExited, turn.Outcome.ErrorCode);
    }

    [Fact]
    public async Task Stdin_is_closed_behind_the_prompt()
    {
        using var fixture = new EngineFixture(o => o.Environment["FAKE_CODEX_SCRIPT"] = "started; message \"$(cat)\"; completed");

        var turn = await fixture.Run("the prompt");

        Assert.Contains("the prompt", turn.Lines[2], StringComparison.Ordinal);
    }
}
