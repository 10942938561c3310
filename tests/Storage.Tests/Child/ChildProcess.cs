using System.Diagnostics;

namespace CodexOrleans.Storage.Tests.Child;

/// <summary>This executable once more, as another process on the same database.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    public const string Argument = "child";

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public static ChildProcess Start(params string[] arguments)
    {
        var executable = Path.Combine(AppContext.BaseDirectory, typeof(ChildProcess).Assembly.GetName().Name! + (OperatingSystem.IsWindows() ? ".exe" : ""));
        return new ChildProcess(Process.Start(new ProcessStartInfo(executable, [Argument, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!);
    }

    /// <summary>The next line the child prints, or null when it has ended.</summary>
    public ValueTask<string?> ReadLine() => _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
