using System.Text.Json;
using CodexOrleans.TestSupport;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>What a user of the demo sees, through the pinned CLI.</summary>
public sealed class DemoSessionSpecs(ModelFixture fixture)
{
    [Theory]
    [InlineData(null)]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-5-codex")]
    [InlineData("gpt-6-astra")]
    [InlineData("gpt-5.6-luna")]
    public async Task Any_prompt_gets_a_session_with_each_kind_of_item(string? model)
    {
        using var home = new CodexHome(fixture.Model, model);
        using var workspace = new TemporaryFolder();
        await File.WriteAllTextAsync(workspace["poems.txt"], "", TestContext.Current.CancellationToken);

        var run = await Exec(home, workspace, "Write a poem about actors", "workspace-write");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ["reasoning", "todo_list", "agent_message", "command_execution", "file_change"],
            run.Events.Where(line => line.TryGetProperty("item", out var item) && item.GetProperty("type").GetString() != "error")
                .Select(line => line.GetProperty("item").GetProperty("type").GetString()).Distinct());
        Assert.Contains("Write a poem about actors", run.FinalMessage, StringComparison.Ordinal);
        Assert.Contains("poems.txt", run.FinalMessage, StringComparison.Ordinal);
        Assert.Contains("I wrote", run.FinalMessage, StringComparison.Ordinal);
        Assert.Contains("Write a poem about actors", await Notes(workspace), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt-5.5", "read-only")]
    [InlineData("gpt-5-codex", "read-only")]
    [InlineData("gpt-6-astra", "read-only")]
    public async Task Where_it_may_not_write_it_says_so(string model, string sandbox)
    {
        using var home = new CodexHome(fixture.Model, model);
        using var workspace = new TemporaryFolder();

        var run = await Exec(home, workspace, "Write a poem", sandbox);

        Assert.Equal(0, run.ExitCode);
        Assert.Contains("could not write", run.FinalMessage, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(workspace.Path));
        Assert.Equal([true, false, true], Assert.Single(run.Items("todo_list")).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("completed").GetBoolean()));
    }

    [Fact]
    public async Task It_runs_without_a_sandbox()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        var run = await Exec(home, workspace, "Write a poem", "danger-full-access");
        Assert.Contains("I wrote", run.FinalMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt-5.5")]
    [InlineData("gpt-6-astra")]
    public async Task A_second_turn_remembers_the_first_and_continues_the_file(string model)
    {
        using var home = new CodexHome(fixture.Model, model);
        using var workspace = new TemporaryFolder();

        var first = await Exec(home, workspace, "First question", "workspace-write");
        var second = await Exec(home, workspace, "Second question", "workspace-write", first.ThreadId);

        Assert.Equal(first.ThreadId, second.ThreadId);
        Assert.Contains("the one before it was “First question”", second.FinalMessage, StringComparison.Ordinal);
        Assert.Contains("About “Second question”", second.FinalMessage, StringComparison.Ordinal);
        Assert.Equal("update", Assert.Single(second.Items("file_change")).GetProperty("changes")[0].GetProperty("kind").GetString());
        Assert.EndsWith("- First question\n- Second question\n", await Notes(workspace), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_to_do_tool_the_session_is_shorter()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        var run = await RealCodex.Exec(
            home, workspace.Path, "Hello", ["-s", "workspace-write", "-c", "tools.update_plan.enabled=false"], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Empty(run.Items("todo_list"));
        Assert.Contains("I wrote", run.FinalMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_an_output_schema_the_final_message_is_JSON_that_follows_it()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        await File.WriteAllTextAsync(
            workspace["schema.json"],
            """
            {"type":"object","additionalProperties":false,"required":["summary","mood","steps","sure"],"properties":{
              "summary":{"type":"string"},"mood":{"enum":["calm","tense"]},"sure":{"type":["boolean","null"]},
              "steps":{"type":"array","items":{"type":"object","required":["number"],"additionalProperties":false,"properties":{"number":{"type":"integer"}}}}}}
            """,
            TestContext.Current.CancellationToken);

        var run = await RealCodex.Exec(
            home, workspace.Path, "Sum it up", ["--output-schema", workspace["schema.json"]], cancellationToken: TestContext.Current.CancellationToken);

        var answer = JsonElement.Parse(run.FinalMessage);
        Assert.Contains("Sum it up", answer.GetProperty("summary").GetString()!, StringComparison.Ordinal);
        Assert.Equal("calm", answer.GetProperty("mood").GetString());
        Assert.Equal(JsonValueKind.False, answer.GetProperty("sure").ValueKind);
        Assert.Equal(0, answer.GetProperty("steps")[0].GetProperty("number").GetInt32());
    }

    private static Task<CodexRun> Exec(CodexHome home, TemporaryFolder workspace, string prompt, string sandbox, string? resume = null) =>
        RealCodex.Exec(home, workspace.Path, prompt, ["-s", sandbox], resume, TestContext.Current.CancellationToken);

    private static Task<string> Notes(TemporaryFolder workspace) =>
        File.ReadAllTextAsync(workspace["codex-demo-notes.md"], TestContext.Current.CancellationToken);
}
