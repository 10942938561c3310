using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CodexOrleans.TestSupport;

/// <summary>The Codex CLI that the checkout pins, as the native program (the npm launcher would hide it behind a second process).</summary>
public static class RealCodex
{
    /// <summary>What npm calls this platform, such as <c>linux-x64</c>.</summary>
    private static readonly string _platform =
        (OperatingSystem.IsWindows() ? "win32" : OperatingSystem.IsMacOS() ? "darwin" : "linux")
        + (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "-arm64" : "-x64");

    // xunit turns an exception whose message starts so into a skip; this project needs no other part of xunit.
    private const string SkipMarker = "$XunitDynamicSkip$";

    /// <summary>The program's path, or a skip or failure of the calling test as <see cref="Locate"/> says; a failure where <c>CI</c> is set.</summary>
    public static string Path => Locate(
        System.IO.Path.Combine(Repository.Root, "tools", "codex"), required: Environment.GetEnvironmentVariable("CI") is "true" or "1");

    /// <summary>The native program of the CLI that npm installed in a folder.</summary>
    /// <param name="required">
    /// Whether its absence fails the calling test, as it must where a missing tool is a broken build step; else the test is skipped, with
    /// a word on what to install.
    /// </param>
    public static string Locate(string folder, bool required)
    {
        var vendor = new DirectoryInfo(System.IO.Path.Combine(folder, "node_modules", "@openai", $"codex-{_platform}", "vendor"));
        var program = OperatingSystem.IsWindows() ? "codex.exe" : "codex";
        var path = vendor.Exists
            ? vendor.EnumerateDirectories().Select(target => System.IO.Path.Combine(target.FullName, "bin", program)).FirstOrDefault(File.Exists)
            : null;
        return path ?? throw new InvalidOperationException(
            (required ? "" : SkipMarker)
            + $"The pinned Codex CLI for {_platform} is not installed. Install Node.js 20 or newer and build again, or run 'npm ci' in '{folder}'.");
    }

    /// <summary>
    /// Runs <c>codex exec --json</c> to its end, the prompt by standard input. Cancelling kills it with all it started.
    /// </summary>
    /// <param name="home">Which model it talks to.</param>
    /// <param name="workspace">Its working directory.</param>
    /// <param name="options">Further options of <c>exec</c>.</param>
    /// <param name="resume">The thread to continue, or null for a new one.</param>
    public static Task<CodexRun> Exec(
        CodexHome home, string workspace, string prompt, string[]? options = null, string? resume = null, CancellationToken cancellationToken = default)
    {
        string[] arguments =
        [
            "exec", "--json", "--skip-git-repo-check", "--disable", "unbounded_connection_retries", .. options ?? [],
            .. resume is null ? [] : (string[])["resume", resume], "-",
        ];
        return Run(home, workspace, arguments, prompt, cancellationToken);
    }

    /// <summary>Runs the CLI with just these arguments and this standard input.</summary>
    public static async Task<CodexRun> Run(
        CodexHome home, string workspace, string[] arguments, string input = "", CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(Path, arguments)
        {
            WorkingDirectory = workspace,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in home.Environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        try
        {
            using var output = new MemoryStream();
            var reading = process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await Feed(process, input, cancellationToken);
            await reading;
            await process.WaitForExitAsync(cancellationToken);
            return new CodexRun(output.ToArray(), process.ExitCode, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static async Task Feed(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A CLI that refuses its arguments ends without reading; its exit code and error text tell the rest.
        }
    }
}
