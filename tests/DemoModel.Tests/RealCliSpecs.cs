using CodexOrleans.TestSupport;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>The pinned CLI makes each of its events out of these scripts.</summary>
public sealed class RealCliSpecs(ModelFixture fixture)
{
    [Fact]
    public async Task A_plain_answer_is_one_message()
    {
        var run = await Exec("SCENARIO:plain");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["thread.started", "turn.started", "item.completed agent_message", "turn.completed"], run.Shape);
        Assert.Equal("Hello from the scripted model.", run.FinalMessage);
    }

    [Theory]
    [InlineData("SCENARIO:many N=500", "word500 ")]
    [InlineData("SCENARIO:drip N=3 MS=1", "word3 ")]
    [InlineData("SCENARIO:big N=70000", "xxx")]
    public async Task Deltas_add_up_to_one_message(string prompt, string end)
    {
        var run = await Exec(prompt);
        Assert.EndsWith(end, run.FinalMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-5-codex")]
    [InlineData("gpt-6.1-sol")]
    public async Task A_command_runs_and_its_output_reaches_the_model(string model)
    {
        var run = await Exec("SCENARIO:shell CMD=echo $((6*7))", model);
        var command = Assert.Single(run.Items("command_execution"));
        Assert.Equal("completed", command.GetProperty("status").GetString());
        Assert.Equal("42\n", command.GetProperty("aggregated_output").GetString());
        Assert.Contains("42", run.FinalMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_can_be_repeated()
    {
        var run = await Exec("SCENARIO:shell N=3 CMD=echo again");
        Assert.Equal(3, run.Items("command_execution").Count);
    }

    [Fact]
    public async Task A_failing_command_is_a_failed_item_of_a_completed_turn()
    {
        var run = await Exec("SCENARIO:shell CMD=exit 3");
        var command = Assert.Single(run.Items("command_execution"));
        Assert.Equal("failed", command.GetProperty("status").GetString());
        Assert.Equal(3, command.GetProperty("exit_code").GetInt32());
        Assert.Equal("turn.completed", run.Shape[^1]);
    }

    [Theory]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-6.1-sol")]
    public async Task Commands_of_one_response_both_run(string model)
    {
        var run = await Exec("SCENARIO:shells CMD=echo one;;echo two", model);
        Assert.Equal(["one\n", "two\n"], run.Items("command_execution").Select(item => item.GetProperty("aggregated_output").GetString()).Order());
    }

    [Theory]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-5-codex")]
    [InlineData("gpt-6.1-sol")]
    public async Task A_patch_adds_a_file_and_another_changes_it(string model)
    {
        using var home = new CodexHome(fixture.Model, model);
        using var workspace = new TemporaryFolder();

        var added = await Exec("SCENARIO:patch FILE=note.txt", home, workspace, ["-s", "workspace-write"]);
        Assert.Equal("add", Assert.Single(added.Items("file_change")).GetProperty("changes")[0].GetProperty("kind").GetString());
        Assert.Equal("hello\nworld\n", await File.ReadAllTextAsync(workspace["note.txt"], TestContext.Current.CancellationToken));

        var updated = await Exec("SCENARIO:patch-update FILE=note.txt", home, workspace, ["-s", "workspace-write"]);
        Assert.Equal("update", Assert.Single(updated.Items("file_change")).GetProperty("changes")[0].GetProperty("kind").GetString());
        Assert.Equal("goodbye\nworld\n", await File.ReadAllTextAsync(workspace["note.txt"], TestContext.Current.CancellationToken));
        Assert.True(File.Exists(workspace["second.txt"]));
    }

    [Theory]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-6.1-sol")]
    public async Task A_plan_is_a_to_do_list_that_starts_changes_and_completes(string model)
    {
        var run = await Exec("SCENARIO:plan", model);
        Assert.Equal(
            ["item.started todo_list", "item.updated todo_list", "item.updated todo_list", "item.completed todo_list"],
            run.Shape.Where(shape => shape.EndsWith("todo_list", StringComparison.Ordinal)));
        Assert.All(Assert.Single(run.Items("todo_list")).GetProperty("items").EnumerateArray(), item => Assert.True(item.GetProperty("completed").GetBoolean()));
    }

    [Fact]
    public async Task Reasoning_shows_its_summaries()
    {
        var run = await Exec("SCENARIO:reasoning");
        Assert.Contains("**Choosing an answer**", Assert.Single(run.Items("reasoning")).GetProperty("text").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_search_shows_its_query()
    {
        var run = await Exec("SCENARIO:web");
        Assert.Equal("orleans grains", Assert.Single(run.Items("web_search")).GetProperty("query").GetString());
    }

    [Theory]
    [InlineData("gpt-5.5", "hi", "completed")]
    [InlineData("gpt-5-codex", "hi", "completed")]
    [InlineData("gpt-6.1-sol", "hi", "completed")]
    [InlineData("gpt-5.5", "fail", "failed")]
    public async Task An_MCP_tool_is_called(string model, string text, string status)
    {
        using var home = new CodexHome(fixture.Model, model, TinyMcpServer.Configuration);
        using var workspace = new TemporaryFolder();
        var run = await Exec($$"""SCENARIO:mcp TOOL=mcp__tiny__echo ARGS={"text":"{{text}}"}""", home, workspace);
        var call = Assert.Single(run.Items("mcp_tool_call"));
        Assert.Equal(status, call.GetProperty("status").GetString());
        Assert.Contains($"echo:{text}", run.FinalMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_script_of_everything_has_everything()
    {
        var run = await Exec("SCENARIO:all", options: ["-s", "workspace-write"]);
        string[] expected = ["agent_message", "command_execution", "file_change", "reasoning", "todo_list"];
        Assert.Equal(expected, run.Events.Where(line => line.TryGetProperty("item", out _)).Select(line => line.GetProperty("item").GetProperty("type").GetString()).Distinct().Order());
    }

    [Fact]
    public async Task An_unknown_model_starts_with_an_error_item()
    {
        var run = await Exec("SCENARIO:plain", "no-such-model");
        Assert.Equal("item.completed error", run.Shape[1]);
        Assert.Equal("turn.completed", run.Shape[^1]);
    }

    [Fact]
    public async Task A_cut_stream_is_a_passing_error_when_the_retry_succeeds()
    {
        var run = await Exec("SCENARIO:cut-once");
        Assert.Equal(["thread.started", "turn.started", "error", "item.completed agent_message", "turn.completed"], run.Shape);
        Assert.Equal(0, run.ExitCode);
    }

    [Theory]
    [InlineData("401", "401 Unauthorized")]
    [InlineData("403", "403 Forbidden")]
    [InlineData("404", "does not exist")]
    [InlineData("400", "unsupported_value")]
    [InlineData("429", "429 Too Many Requests")]
    [InlineData("quota", "Quota exceeded")]
    [InlineData("500", "high demand")]
    [InlineData("503", "at capacity")]
    [InlineData("failed", "Scripted failure: server_error")]
    [InlineData("failed-context", "ran out of room")]
    [InlineData("failed-quota", "Quota exceeded")]
    [InlineData("incomplete", "max_output_tokens")]
    [InlineData("cut", "stream disconnected before completion")]
    public async Task A_failure_of_the_model_fails_the_turn(string scenario, string message)
    {
        var run = await Exec($"SCENARIO:{scenario}");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("turn.failed", run.Shape[^1]);
        Assert.Contains(message, run.Events[^1].GetProperty("error").GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_runs_of_one_script_print_the_same_bytes_once_normalised()
    {
        using var home = new CodexHome(fixture.Model, moreConfig: TinyMcpServer.Configuration);
        foreach (var prompt in (string[])["SCENARIO:all", "SCENARIO:web", "SCENARIO:mcp", "SCENARIO:401", "SCENARIO:cut-once", "A prompt"])
        {
            using var first = new TemporaryFolder();
            using var second = new TemporaryFolder();
            var one = await Exec(prompt, home, first, ["-s", "workspace-write"]);
            var other = await Exec(prompt, home, second, ["-s", "workspace-write"]);
            Assert.NotEqual(one.Output, other.Output);
            Assert.Equal(CodexOutput.Normalise(one.Output, first.Path), CodexOutput.Normalise(other.Output, second.Path));
        }
    }

    private async Task<CodexRun> Exec(string prompt, string model = "gpt-5.5", string[]? options = null)
    {
        using var home = new CodexHome(fixture.Model, model);
        using var workspace = new TemporaryFolder();
        return await Exec(prompt, home, workspace, options);
    }

    private static Task<CodexRun> Exec(string prompt, CodexHome home, TemporaryFolder workspace, string[]? options = null) =>
        RealCodex.Exec(home, workspace.Path, prompt, options, cancellationToken: TestContext.Current.CancellationToken);
}
