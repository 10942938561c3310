using System.Text;
using CodexOrleans.TestSupport;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>
/// The recordings that other tests use are what the pinned CLI prints. After a change of the CLI or of a script, run these with
/// <c>RECORD_FIXTURES=1</c> and look at the difference.
/// </summary>
public sealed class FixtureSpecs(ModelFixture fixture)
{
    [Theory]
    [InlineData("plain", "SCENARIO:plain")]
    [InlineData("reasoning", "SCENARIO:reasoning")]
    [InlineData("shell", "SCENARIO:shell CMD=echo hello")]
    [InlineData("shell-failed", "SCENARIO:shell CMD=echo oh no; exit 3")]
    [InlineData("patch", "SCENARIO:patch FILE=hello.txt")]
    [InlineData("plan", "SCENARIO:plan")]
    [InlineData("web", "SCENARIO:web")]
    [InlineData("mcp", "SCENARIO:mcp TOOL=mcp__tiny__echo ARGS={\"text\":\"hi\"}")]
    [InlineData("mcp-failed", "SCENARIO:mcp TOOL=mcp__tiny__echo ARGS={\"text\":\"fail\"}")]
    [InlineData("all", "SCENARIO:all")]
    [InlineData("401", "SCENARIO:401")]
    [InlineData("cut-once", "SCENARIO:cut-once")]
    [InlineData("incomplete", "SCENARIO:incomplete")]
    [InlineData("unknown-model", "SCENARIO:plain", "no-such-model")]
    [InlineData("demo", "Write a poem about actors")]
    public async Task A_recording_is_what_the_CLI_prints(string name, string prompt, string model = "gpt-5.5")
    {
        using var home = new CodexHome(fixture.Model, model, TinyMcpServer.Configuration);
        using var workspace = new TemporaryFolder();
        var run = await RealCodex.Exec(home, workspace.Path, prompt, ["-s", "workspace-write"], cancellationToken: TestContext.Current.CancellationToken);
        var output = CodexOutput.Normalise(run.Output, workspace.Path);

        if (Environment.GetEnvironmentVariable("RECORD_FIXTURES") == "1")
        {
            Directory.CreateDirectory(CodexFixtures.Folder);
            await File.WriteAllBytesAsync(Path.Combine(CodexFixtures.Folder, name + ".jsonl"), output, TestContext.Current.CancellationToken);
        }

        Assert.Equal(Encoding.UTF8.GetString(CodexFixtures.Read(name)), Encoding.UTF8.GetString(output));
    }
}
