using System.Diagnostics;
using System.Text.RegularExpressions;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd;

/// <summary>The README's shell commands, word for word, against a server as it says to start one.</summary>
public sealed partial class ReadmeSpecs
{
    [Fact]
    public async Task The_commands_of_the_README_do_what_it_says()
    {
        // The demo's CODEX_HOME lies in the data directory, and below the temp folder the CLI cannot set up its sandbox.
        var data = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "data", Guid.NewGuid().ToString("N")));
        try
        {
            await using var server = await ServerProcess.Start(data.FullName, settings: null, "--demo");
            await TryCommands(server);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task TryCommands(ServerProcess server)
    {
        var blocks = Blocks(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"), TestContext.Current.CancellationToken));
        Assert.Equal(3, blocks.Count);

        var streamed = await Run(server, blocks[0], TestContext.Current.CancellationToken);
        Assert.StartsWith(":", streamed, StringComparison.Ordinal);
        Assert.Contains("event: turn.submitted", streamed, StringComparison.Ordinal);
        Assert.Contains("\"exit_code\":0", streamed, StringComparison.Ordinal);
        Assert.Contains("""data: {"type":"turn.completed""", streamed, StringComparison.Ordinal);

        var result = await Run(server, blocks[1], TestContext.Current.CancellationToken);
        Assert.Contains("\"status\":\"completed\"", result, StringComparison.Ordinal);

        var conversation = await Run(server, blocks[2], TestContext.Current.CancellationToken);
        Assert.Contains("My name is Ada.", conversation, StringComparison.Ordinal);
        Assert.Contains("\"next_after\":", conversation, StringComparison.Ordinal);
        Assert.Contains("no_turn_running", conversation, StringComparison.Ordinal);
    }

    /// <summary>The blocks that are marked as <c>sh readme</c>.</summary>
    private static IReadOnlyList<string> Blocks(string readme) => [.. Block().Matches(readme).Select(match => match.Groups[1].Value)];

    /// <returns>What the commands have printed.</returns>
    private static async Task<string> Run(ServerProcess server, string commands, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("sh", ["-eu"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TOKEN"] = server.Token;
        start.Environment["SERVER"] = server.Address.GetLeftPart(UriPartial.Authority);
        using var shell = Process.Start(start)!;
        await shell.StandardInput.WriteAsync(commands.AsMemory(), cancellationToken);
        shell.StandardInput.Close();
        var error = shell.StandardError.ReadToEndAsync(cancellationToken);
        var output = await shell.StandardOutput.ReadToEndAsync(cancellationToken);
        await shell.WaitForExitAsync(cancellationToken);
        const int CommandNotFound = 127;
        Assert.SkipWhen(shell.ExitCode == CommandNotFound && Environment.GetEnvironmentVariable("CI") is null, $"Install what the README's commands use: {await error}");
        Assert.True(shell.ExitCode == 0, $"Exit code {shell.ExitCode}: {await error}\n{output}");
        return output;
    }

    [GeneratedRegex("^```sh readme\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();
}
