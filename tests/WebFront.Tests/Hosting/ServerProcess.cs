using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using CodexOrleans.TestSupport;

namespace CodexOrleans.WebFront.Tests;

/// <summary>The built server as a process of its own, with what it printed.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    /// <summary>How long a server may take for anything; one that takes longer hangs.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly SemaphoreSlim _more = new(0);
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Received(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Received(_errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The first address that it listens on; fails when it ends before.</summary>
    public Task<Uri> Listening => Patiently(_listening.Task, "listen");

    public bool HasExited => _process.HasExited;

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public static ServerProcess Start(IReadOnlyList<string> args, IReadOnlyDictionary<string, string>? environment = null) =>
        StartProgram("WebFront", args, environment);

    /// <summary>Starts one of the programs, by the name of its project, or what starts it, by its path.</summary>
    public static ServerProcess StartProgram(
        string program, IReadOnlyList<string> args, IReadOnlyDictionary<string, string>? environment = null)
    {
        var executable = Path.IsPathRooted(program) ? program : ExecutableOf(program);
        var start = new ProcessStartInfo(executable, args) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ServerProcess(Process.Start(start)!);
    }

    /// <summary>Where a program is: beside this test's own output folder, built in the same configuration.</summary>
    public static string FolderOf(string program) =>
        Path.Combine(Repository.Root, "artifacts", "bin", program, new DirectoryInfo(AppContext.BaseDirectory).Name);

    public static string ExecutableOf(string program) =>
        Path.Combine(FolderOf(program), $"CodexOrleans.{program}" + (OperatingSystem.IsWindows() ? ".exe" : ""));

    /// <summary>Waits for a line that was not waited for before.</summary>
    public Task MoreOutput(CancellationToken cancellationToken) => Patiently(_more.WaitAsync(cancellationToken), "say more");

    /// <summary>SIGTERM, without waiting.</summary>
    public async Task Terminate()
    {
        using var kill = Process.Start("kill", [$"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>kill -9, of the server alone.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task<int> Exit()
    {
        await Patiently(_process.WaitForExitAsync(TestContext.Current.CancellationToken), "end");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _more.Dispose();
    }

    private async Task<T> Patiently<T>(Task<T> task, string what)
    {
        await Patiently((Task)task, what);
        return await task;
    }

    private async Task Patiently(Task task, string what)
    {
        try
        {
            await task.WaitAsync(_patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The server did not {what} within {_patience}. It said: {Output}{Errors}");
        }
    }

    private void Received(StringBuilder text, string? line)
    {
        if (line is null)
        {
            _listening.TrySetException(new InvalidOperationException($"The server ended without listening. It said: {Output}{Errors}"));
            return;
        }

        lock (text)
            text.Append(line).Append('\n');
        _more.Release();
        if (Banner().Match(line) is { Success: true } match)
            _listening.TrySetResult(new Uri(match.Groups["address"].Value));
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    [GeneratedRegex("is listening on (?<address>https?://[^ ,]+)")]
    private static partial Regex Banner();
}
