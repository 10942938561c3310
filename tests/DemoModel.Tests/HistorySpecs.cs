using System.Text.Json;
using CodexOrleans.TestSupport;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>What the model knows of a thread, through the pinned CLI.</summary>
public sealed class HistorySpecs(ModelFixture fixture)
{
    // The smallest PNG there is: one pixel.
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    [Fact]
    public async Task It_sees_the_model_the_effort_and_every_prompt()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        var first = await Exec(home, workspace, "SCENARIO:plain");
        var second = await Exec(home, workspace, "SCENARIO:echo", ["-c", "model_reasoning_effort=high"], first.ThreadId);

        var seen = JsonElement.Parse(second.FinalMessage);
        Assert.Equal("gpt-5.5", seen.GetProperty("model").GetString());
        Assert.Equal("high", seen.GetProperty("effort").GetString());
        Assert.Equal(["SCENARIO:plain", "SCENARIO:echo"], seen.GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetString()));
    }

    [Fact]
    public async Task It_sees_images_and_the_prompt_without_them()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        await File.WriteAllBytesAsync(workspace["pixel.png"], Convert.FromBase64String(Pixel), TestContext.Current.CancellationToken);
        var run = await Exec(home, workspace, "SCENARIO:echo", ["-i", workspace["pixel.png"], "--"]);

        var seen = JsonElement.Parse(run.FinalMessage);
        Assert.Equal(1, seen.GetProperty("images").GetInt32());
        Assert.Equal("SCENARIO:echo", Assert.Single(seen.GetProperty("prompts").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task A_turn_that_was_killed_at_a_gate_stays_in_the_history_as_its_prompt()
    {
        await using var model = await DemoModelServer.Start();
        using var home = new CodexHome(model);
        using var workspace = new TemporaryFolder();
        var first = await Exec(home, workspace, "SCENARIO:plain");

        using var killed = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var held = RealCodex.Exec(home, workspace.Path, "SCENARIO:gate CMD=echo before", resume: first.ThreadId, cancellationToken: killed.Token);
        await model.Gates.Reached("gate").WaitAsync(TestContext.Current.CancellationToken);
        await killed.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => held);

        var after = await Exec(home, workspace, "SCENARIO:echo", resume: first.ThreadId);
        Assert.Equal(
            ["SCENARIO:plain", "SCENARIO:gate CMD=echo before", "SCENARIO:echo"],
            JsonElement.Parse(after.FinalMessage).GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetString()));
    }

    [Fact]
    public async Task Instructions_in_the_workspace_are_no_prompt()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        await File.WriteAllTextAsync(workspace["AGENTS.md"], "Be brief.", TestContext.Current.CancellationToken);
        var run = await Exec(home, workspace, "SCENARIO:echo");
        Assert.Single(JsonElement.Parse(run.FinalMessage).GetProperty("prompts").EnumerateArray());
        Assert.Contains(fixture.Model.Requests, request => request.Body.GetRawText().Contains("Be brief.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_CLIs_word_on_an_interrupted_turn_is_no_prompt()
    {
        using var client = new ResponsesClient(fixture.Model);
        var events = await client.Events(new
        {
            input = ((string[])["First", "<turn_aborted>\nThe user interrupted the previous turn on purpose.\n</turn_aborted>", "SCENARIO:echo"])
                .Select(text => new { type = "message", role = "user", content = new[] { new { type = "input_text", text } } }),
        });
        var message = events[^1].GetProperty("response").GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()!;
        Assert.Equal(["First", "SCENARIO:echo"], JsonElement.Parse(message).GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetString()));
    }

    [Fact]
    public async Task The_providers_settings_also_work_as_options_over_an_empty_home()
    {
        using var home = new CodexHome(fixture.Model);
        using var workspace = new TemporaryFolder();
        File.Delete(Path.Combine(home.Path, "config.toml"));
        var options = DemoProvider.Configuration(fixture.Model.BaseUrl).SelectMany(setting => (string[])["-c", $"{setting.Key}={setting.Value}"]);

        var run = await Exec(home, workspace, "SCENARIO:plan", [.. options]);
        Assert.Single(run.Items("todo_list"));
    }

    private static Task<CodexRun> Exec(CodexHome home, TemporaryFolder workspace, string prompt, string[]? options = null, string? resume = null) =>
        RealCodex.Exec(home, workspace.Path, prompt, options, resume, TestContext.Current.CancellationToken);
}
