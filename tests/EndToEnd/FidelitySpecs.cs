using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd;

/// <summary>
/// What clients get is what <c>codex exec --json</c> prints when a person runs the same script: each test runs it both ways and
/// compares the bytes. Only line breaks of Unicode are not the same bytes: they come as escapes.
/// </summary>
public sealed partial class FidelitySpecs(FidelitySpecs.WithMcpServer running) : IClassFixture<FidelitySpecs.WithMcpServer>
{
    /// <summary>A server whose CLI has an MCP server with a tool.</summary>
    public sealed class WithMcpServer : RunningServer
    {
        protected override string CodexConfig => TinyMcpServer.Configuration;
    }

    /// <summary>Script, model (null for the configured one), and a kind of event that the script is there to show.</summary>
    public static TheoryData<string, string?, string> Scripts => new()
    {
        { "SCENARIO:plain", null, "item.completed/agent_message" },
        { "SCENARIO:reasoning", null, "item.completed/reasoning" },
        { "SCENARIO:shell CMD:echo Grüße; echo 'wörld'", null, "item.started/command_execution" },
        { "SCENARIO:shell CMD:exit 3", null, "item.completed/command_execution" },
        { "SCENARIO:patch", null, "item.completed/file_change" },
        { "SCENARIO:mcp ARGS:{\"text\":\"hi\"}", null, "item.completed/mcp_tool_call" },
        { "SCENARIO:mcp ARGS:{\"text\":\"fail\"}", null, "item.completed/mcp_tool_call" },
        { "SCENARIO:web", null, "item.completed/web_search" },
        { "SCENARIO:plan", null, "item.updated/todo_list" },
        { "SCENARIO:all", null, "item.completed/todo_list" },
        { "SCENARIO:plain", "no-such-model", "item.completed/error" },
        { "SCENARIO:cut-once", null, "error" },
        { "SCENARIO:big N:300000", null, "item.completed/agent_message" },
        { "SCENARIO:401", null, "turn.failed" },
        { "SCENARIO:failed-context", null, "turn.failed" },
        { "A prompt without a script", null, "item.completed/agent_message" },
    };

    [Theory(Timeout = 120_000), MemberData(nameof(Scripts))]
    public async Task Stream_delivers_the_bytes_that_the_CLI_prints(string prompt, string? model, string kind)
    {
        var printed = await Printed(prompt, model, TestContext.Current.CancellationToken);
        var folder = running.Stage.NewFolder();
        using var api = running.Connect(TestContext.Current.CancellationToken);

        var turn = await api.Turn(Body(prompt, model, folder), new EventTape());

        Assert.Contains(kind, turn.Tape.Kinds);
        Assert.Equal(printed, Normalised(turn.Tape.CodexLines, folder));
        Assert.Equal("turn.submitted", turn.Tape.Events[0].Name);
        Assert.Single(turn.Tape.Events, frame => !frame.IsCodex);
        Assert.Equal(turn.ThreadId, turn.Tape.Events.Single(frame => frame.Type == "thread.started").Json.GetProperty("thread_id").GetGuid());
    }

    [Theory(Timeout = 120_000)]
    [InlineData("SCENARIO:all", 200)]
    [InlineData("SCENARIO:web", 200)]
    [InlineData("SCENARIO:failed-context", 502)]
    [InlineData("SCENARIO:401", 503)]
    public async Task Run_returns_the_bytes_that_the_CLI_prints(string prompt, int status)
    {
        var printed = await Printed(prompt, model: null, TestContext.Current.CancellationToken);
        var folder = running.Stage.NewFolder();
        using var api = running.Connect(TestContext.Current.CancellationToken);

        using var response = await api.Run(Body(prompt, model: null, folder));
        var body = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken)).RootElement;

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(printed, Normalised(body.GetProperty("events").EnumerateArray().Select(line => line.GetRawText()), folder));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_continued_thread_delivers_what_a_resumed_CLI_prints()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var workspace = running.Stage.NewFolder();
        var first = await RealCodex.Exec(running.Stage.Home, workspace, "SCENARIO:patch", ["-s", "workspace-write"], cancellationToken: cancellationToken);
        var second = await RealCodex.Exec(running.Stage.Home, workspace, "SCENARIO:patch-update", ["-s", "workspace-write"], first.ThreadId, cancellationToken);

        var folder = running.Stage.NewFolder();
        using var api = running.Connect(cancellationToken);
        var turn = await api.Turn(Body("SCENARIO:patch", model: null, folder), new EventTape());
        var next = await api.Turn(new { prompt = "SCENARIO:patch-update", thread_id = turn.ThreadId });

        Assert.Equal(Normalised(second.Lines, workspace), Normalised(next.Tape.CodexLines, folder));
        Assert.Contains("item.completed/file_change", next.Tape.Kinds);
    }

    [Fact(Timeout = 120_000)]
    public async Task Line_breaks_of_Unicode_are_escaped_so_that_every_reader_of_lines_sees_one_line_an_event()
    {
        const string text = "next\u0085line\u2028line\u2029paragraph";
        const string prompt = $"SCENARIO:say\n{text}";
        var cancellationToken = TestContext.Current.CancellationToken;
        var printed = await Printed(prompt, model: null, cancellationToken);
        Assert.Contains(printed, line => line.Contains(text, StringComparison.Ordinal));
        var folder = running.Stage.NewFolder();
        using var api = running.Connect(cancellationToken);

        var turn = await api.Turn(Body(prompt, model: null, folder));
        using var run = await api.Run(Body(prompt, model: null, folder));
        var body = await run.Content.ReadAsStringAsync(cancellationToken);
        var streamed = await api.ReadText(turn.ThreadId);

        // The same bytes but for the three, and the same text.
        Assert.Equal(printed.Select(Escaped), Normalised(turn.Tape.CodexLines, folder));
        Assert.Equal(text, turn.Answer);
        Assert.Equal(text, JsonDocument.Parse(body).RootElement.GetProperty("final_response").GetString());
        Assert.DoesNotContain(body + streamed, c => c is '\u0085' or '\u2028' or '\u2029');

        // As Python's str.splitlines and httpx.Response.iter_lines cut it: each line is a whole field of a frame, each event a whole JSON.
        var data = PythonLines().Split(streamed).Where(line => line.StartsWith("data: {\"type\"", StringComparison.Ordinal));
        Assert.Equal(turn.Tape.Events.Select(frame => $"data: {frame.Text}"), data);
        Assert.Equal(prompt, turn.Tape.Events[0].Json.GetProperty("prompt").GetString());
    }

    [GeneratedRegex("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")]
    private static partial Regex PythonLines();

    private static string Escaped(string line) =>
        line.Replace("\u0085", @"\u0085", StringComparison.Ordinal)
            .Replace("\u2028", @"\u2028", StringComparison.Ordinal)
            .Replace("\u2029", @"\u2029", StringComparison.Ordinal);

    private static object Body(string prompt, string? model, string folder) =>
        new { prompt, model, sandbox = "workspace-write", working_directory = folder, skip_git_repo_check = true };

    private async Task<IReadOnlyList<string>> Printed(string prompt, string? model, CancellationToken cancellationToken)
    {
        var workspace = running.Stage.NewFolder();
        string[] options = ["-s", "workspace-write", .. model is null ? [] : (string[])["-m", model]];
        var run = await RealCodex.Exec(running.Stage.Home, workspace, prompt, options, cancellationToken: cancellationToken);
        return Normalised(run.Lines, workspace);
    }

    private static IReadOnlyList<string> Normalised(IEnumerable<string> lines, string workspace) =>
        [.. lines.Select(line => Encoding.UTF8.GetString(CodexOutput.Normalise(Encoding.UTF8.GetBytes(line), workspace)))];
}
