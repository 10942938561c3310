using System.Diagnostics;
using System.Runtime.Versioning;
using CodexOrleans.Codex.Tests.Support;

namespace CodexOrleans.Codex.Tests.Accounts;

/// <summary>What a repository that a command has written to can do to the CLI.</summary>
[SupportedOSPlatform("linux")]
public sealed class RepositorySpecs
{
    [Fact]
    public async Task Programs_that_a_repositorys_configuration_names_are_not_run_outside_of_the_sandbox()
    {
        await using var engine = await RealEngine.Start();
        var program = Path.Combine(engine.Fixture.Folder, "program");
        // In the sandbox it could not write there: the folder is none of the turn's.
        var trace = Path.Combine(engine.Home.Path, "trace");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\necho ran >> {trace}\ncat\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var file = Path.Combine(engine.Fixture.Folder, "file");
        await File.WriteAllTextAsync(file, "one", TestContext.Current.CancellationToken);
        await Git(engine, "init", "--quiet");
        await Git(engine, "add", "file");
        await Git(engine, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=one");
        await Git(engine, "config", "core.fsmonitor", program);
        await Git(engine, "config", "filter.x.clean", program);
        Directory.CreateDirectory(Path.Combine(engine.Fixture.Folder, ".git", "info"));
        var attributes = Path.Combine(engine.Fixture.Folder, ".git", "info", "attributes");
        await File.WriteAllTextAsync(attributes, "* filter=x", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(file, "two", TestContext.Current.CancellationToken);

        var (exitCode, output) = await engine.Command("git rev-parse --show-toplevel", SandboxMode.WorkspaceWrite);

        Assert.False(File.Exists(trace));
        // Commands use git as ever.
        Assert.Equal(0, exitCode);
        Assert.Contains(engine.Fixture.Folder, output, StringComparison.Ordinal);
    }

    private static async Task Git(RealEngine engine, params string[] arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = engine.Fixture.Folder })!;
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, git.ExitCode);
    }
}
