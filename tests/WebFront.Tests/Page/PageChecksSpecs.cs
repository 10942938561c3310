using System.ComponentModel;
using System.Diagnostics;
using CodexOrleans.TestSupport;

namespace CodexOrleans.WebFront.Tests.Page;

/// <summary>The page's own checks and tests, so that one command tests everything.</summary>
public sealed class PageChecksSpecs
{
    /// <summary>Ten times as long as they take; something that npm started and left behind may hold its output open for ever.</summary>
    private const int Limit = 600_000;

    [Fact(Timeout = Limit)]
    public Task The_pages_types_and_lint_are_clean() => RunScript("check", TestContext.Current.CancellationToken);

    [Fact(Timeout = Limit)]
    public Task The_pages_unit_tests_pass() => RunScript("test", TestContext.Current.CancellationToken);

    private static async Task RunScript(string script, CancellationToken cancellation)
    {
        var folder = Path.Combine(Repository.Root, "src", "WebFront", "ui");
        using var npm = StartNpm(folder, script);
        if (npm is null)
        {
            const string advice = "npm was not found. Install Node.js 20.19 or newer (https://nodejs.org) to test the page.";
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", advice);
            Assert.Skip(advice);
        }

        try
        {
            npm.StandardInput.Close();
            var errors = npm.StandardError.ReadToEndAsync(cancellation);
            var output = await npm.StandardOutput.ReadToEndAsync(cancellation);
            await npm.WaitForExitAsync(cancellation);
            Assert.True(
                npm.ExitCode == 0,
                $"'npm run {script}' in '{folder}' ended with exit code {npm.ExitCode}:\n{output}\n{await errors}");
        }
        finally
        {
            if (!npm.HasExited)
                npm.Kill(entireProcessTree: true);
        }
    }

    private static Process? StartNpm(string folder, string script)
    {
        // On Windows npm is a batch file, which only the shell can start.
        var start = OperatingSystem.IsWindows()
            ? new ProcessStartInfo("cmd.exe", ["/c", "npm", "run", script])
            : new ProcessStartInfo("npm", ["run", script]);
        start.WorkingDirectory = folder;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["NO_COLOR"] = "1";
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            // No such program; the caller says what to install.
            return null;
        }
    }
}
