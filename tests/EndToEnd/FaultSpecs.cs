using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>
/// A CLI that misbehaves in every way one can, seen from a client of the whole server. The prompt is the script that the fake plays.
/// </summary>
public sealed class FaultSpecs(FakeCodexServer running) : IClassFixture<FakeCodexServer>
{
    [Theory(Timeout = 120_000)]
    [InlineData(100_000)]
    [InlineData(5_000_000)]
    [InlineData(16_000_000)]
    public async Task A_long_line_passes(int length)
    {
        var turn = await Turn($"""started; printf '%s' '{MessageStart}'; bytes {length}; printf '%s\n' '{MessageEnd}'; completed""", TestContext.Current.CancellationToken);

        Assert.Equal("turn.completed", turn.End.Type);
        Assert.Equal(length, turn.Answer.Length);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_line_over_16_MiB_ends_the_turn_and_says_so()
    {
        var turn = await Turn("""started; message before; bytes 17000000; echo; message after 1; completed""", TestContext.Current.CancellationToken);

        AssertFailed(turn, "line_too_long");
        Assert.Equal("before", turn.Answer);
    }

    [Fact(Timeout = 120_000)]
    public async Task Megabytes_on_stderr_block_nothing()
    {
        var turn = await Turn("""started; bytes 4000000 e >&2; message told; completed""", TestContext.Current.CancellationToken);

        Assert.Equal("turn.completed", turn.End.Type);
        Assert.Equal("told", turn.Answer);
    }

    [Fact(Timeout = 120_000)]
    public async Task Invalid_UTF_8_spoils_only_its_own_characters()
    {
        var turn = await Turn($$"""started; printf '{{MessageStart}}a\377b\303{{MessageEnd}}\n'; message last 1; completed""", TestContext.Current.CancellationToken);

        Assert.Equal("turn.completed", turn.End.Type);
        Assert.Equal("last", turn.Answer);
        Assert.Contains(turn.Tape.CodexLines, line => line.Contains('\uFFFD'));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("garbage")]
    [InlineData("[1,2,3]")]
    [InlineData("42")]
    [InlineData("null")]
    [InlineData("{\"no\":\"type\"}")]
    [InlineData("{\"type\":\"item.completed\",")]
    public async Task What_is_no_event_becomes_an_error_item(string line)
    {
        var turn = await Turn($"""started; printf '%s\n' '{line}'; message after 1; completed""", TestContext.Current.CancellationToken);

        Assert.Equal("turn.completed", turn.End.Type);
        Assert.Equal("after", turn.Answer);
        Assert.Contains("item.completed/error", turn.Tape.Kinds);
        Assert.DoesNotContain(line, turn.Tape.CodexLines);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_event_of_a_type_that_nobody_knows_yet_passes_as_it_is()
    {
        const string Line = """{"type":"future.thing","payload":{"n":1.50,"s":"ß"}}""";
        var turn = await Turn($"""started; printf '%s\n' '{Line}'; message after; completed""", TestContext.Current.CancellationToken);

        Assert.Contains(Line, turn.Tape.CodexLines);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_CLI_that_prints_nothing_and_exits_0_has_failed()
    {
        var turn = await Turn("exit 0", TestContext.Current.CancellationToken);

        AssertFailed(turn, "codex_exited");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_bad_exit_tells_its_code_and_the_end_of_stderr()
    {
        var turn = await Turn("started; echo 'the disk is on fire' >&2; exit 7", TestContext.Current.CancellationToken);

        var message = AssertFailed(turn, "codex_exited");
        Assert.Contains("7", message, StringComparison.Ordinal);
        Assert.Contains("the disk is on fire", message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_crash_ends_the_turn_and_closes_its_items()
    {
        // The tape itself fails when the end comes before an item's.
        var turn = await Turn("started; command_started make; kill -SEGV $$", TestContext.Current.CancellationToken);

        AssertFailed(turn, "codex_exited");
        Assert.Contains("item.completed/command_execution", turn.Tape.Kinds);
    }

    [Fact(Timeout = 120_000)]
    public async Task Run_keeps_the_events_of_a_failed_turn()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        using var response = await api.Run(new { prompt = "started; message kept; exit 7" });

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal("turn_failed", body.GetProperty("code").GetString());
        Assert.Equal("failed", body.GetProperty("status").GetString());
        Assert.Equal("kept", body.GetProperty("final_response").GetString());
        Assert.Equal(
            ["thread.started", "turn.started", "item.completed", "turn.failed"],
            body.GetProperty("events").EnumerateArray().Select(line => line.GetProperty("type").GetString()));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_CLI_that_ignores_signals_is_gone_after_an_interrupt_with_all_its_children()
    {
        var mark = Mark.New();
        var script = $"trap '' TERM INT HUP; started; command_started x; setsid sleep {mark} & sleep {mark} & (sleep {mark} &); hang";
        using var api = running.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = script });
        await stream.Until("item.started/command_execution");
        await LiveProcesses.Appeared(mark);

        (await api.Interrupt(stream.ThreadId)).Dispose();
        await stream.ReadToEnd();

        Assert.Equal("interrupted", stream.Tape.Events[^1].Json.GetProperty("error").GetProperty("code").GetString());
        await LiveProcesses.Gone(stream.TurnId, mark);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_grandchild_that_holds_stdout_keeps_no_stream_open_and_does_not_survive()
    {
        var mark = Mark.New();
        var turn = await Turn($"started; (setsid sleep {mark} &); (sleep {mark} &); message done; completed", TestContext.Current.CancellationToken);

        Assert.Equal("turn.completed", turn.End.Type);
        await LiveProcesses.Gone(turn.TurnId, mark);

        var crashed = await Turn($"started; (setsid sleep {mark} &); exit 3", TestContext.Current.CancellationToken);
        AssertFailed(crashed, "codex_exited");
        await LiveProcesses.Gone(crashed.TurnId, mark);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_hanging_CLI_is_ended_by_the_turns_time_limit()
    {
        await using var server = await running.StartAnother(changes: ("Codex:TurnTimeout", "00:00:01"));
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);

        var turn = await api.Turn(new { prompt = "trap '' TERM INT; started; hang" });
        AssertFailed(turn, "turn_timeout");
        await LiveProcesses.Gone(turn.TurnId);

        using var response = await api.Run(new { prompt = "started; message kept; hang" });
        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal("turn_timeout", body.GetProperty("code").GetString());
        Assert.Equal("kept", body.GetProperty("final_response").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_hanging_CLI_does_not_block_shutdown()
    {
        await using var server = await running.StartAnother(changes: ("Codex:DrainTimeout", "00:00:00.5"));
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = "trap '' TERM INT; started; hang" });
        await stream.Until("turn.started");

        server.Terminate();
        await stream.ReadToEnd();
        await server.Exited();

        Assert.Equal("host_draining", stream.Tape.Events[^1].Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(0, server.ExitCode);
        await LiveProcesses.Gone(stream.TurnId);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_missing_CLI_is_a_503_and_health_says_it()
    {
        await using var server = await running.StartAnother(changes: ("Codex:ExecutablePath", "no-such-codex"));
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);

        await CodexApi.Refused(await api.TryStream(new { prompt = "hello" }), HttpStatusCode.ServiceUnavailable, "codex_not_installed");
        var problem = await CodexApi.Refused(await api.Run(new { prompt = "hello" }), HttpStatusCode.ServiceUnavailable, "codex_not_installed");
        Assert.Contains("npm i -g @openai/codex", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        var health = await api.Http.GetFromJsonAsync<JsonElement>("/health", TestContext.Current.CancellationToken);
        Assert.Equal("degraded", health.GetProperty("status").GetString());
        Assert.False(health.GetProperty("codex").GetProperty("installed").GetBoolean());
        Assert.Contains("not found", server.Output, StringComparison.Ordinal);
    }

    private const string MessageStart = """{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":""" + "\"";
    private const string MessageEnd = "\"}}";

    private async Task<FinishedTurn> Turn(string script, CancellationToken cancellationToken)
    {
        using var api = running.Connect(cancellationToken);
        return await api.Turn(new { prompt = script }, new EventTape());
    }

    /// <returns>The failure's message.</returns>
    private static string AssertFailed(FinishedTurn turn, string code)
    {
        Assert.Equal("turn.failed", turn.End.Type);
        var error = turn.End.Json.GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        var message = error.GetProperty("message").GetString();
        Assert.False(string.IsNullOrWhiteSpace(message));
        return message!;
    }
}
