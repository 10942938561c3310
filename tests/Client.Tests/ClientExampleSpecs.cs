using CodexOrleans.DemoModel;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Client.Tests;

/// <summary>The README's example, on the real CLI and the scripted model.</summary>
public sealed class ClientExampleSpecs
{
    [Fact]
    public async Task The_example_of_the_README_runs()
    {
        await using var model = await DemoModelServer.Start();
        using var home = new CodexHome(model);
        using var folder = new TemporaryFolder();
        var workspace = folder.Path;
        var options = new CodexOptions { ExecutablePath = RealCodex.Path };
        foreach (var (name, value) in home.Environment)
            options.Environment[name] = value;
        using var output = new StringWriter();
        var cancellationToken = TestContext.Current.CancellationToken;

        // README: begin
        await using var codex = new Codex(options);
        var thread = codex.StartThread(new ThreadOptions { WorkingDirectory = workspace, SkipGitRepoCheck = true });

        await foreach (var e in thread.RunStreamedAsync("Diagnose the test failure and propose a fix", cancellationToken: cancellationToken))
        {
            switch (e)
            {
                case ItemCompletedEvent { Item: CommandExecutionItem command }:
                    output.WriteLine($"$ {command.Command} -> {command.ExitCode}");
                    break;
                case ItemCompletedEvent { Item: AgentMessageItem message }:
                    output.WriteLine(message.Text);
                    break;
                case TurnFailedEvent failed:
                    output.WriteLine($"Failed: {failed.Error.Message}");
                    break;
            }
        }

        var turn = await thread.RunAsync("Implement the fix", cancellationToken: cancellationToken);
        output.WriteLine(turn.FinalResponse);
        // README: end

        Assert.DoesNotContain("Failed:", output.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(turn.FinalResponse);
        Assert.Contains(turn.Items, i => i is CommandExecutionItem);
        Assert.NotNull(thread.Id);
    }
}
