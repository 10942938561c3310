using CodexOrleans.Codex.Accounts;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Client;

/// <summary>
/// The Codex CLI from C#, without a server and without a store: threads live in the CLI's own session files. One instance serves any
/// number of threads at once; disposing it ends what they still run.
/// </summary>
public sealed class Codex : IAsyncDisposable
{
    private readonly ScratchFolder _scratch = ScratchFolder.Temporary();
    private readonly StrayProcesses _strays;
    private readonly HostGuard _guard;
    private readonly Lazy<Task> _guardStarted;

    /// <param name="options">Where the CLI is and what every run gets; null finds the CLI as a server does.</param>
    /// <param name="loggers">Where problems with processes are told; null tells nobody.</param>
    public Codex(CodexOptions? options = null, ILoggerFactory? loggers = null)
    {
        options ??= new CodexOptions();
        loggers ??= NullLoggerFactory.Instance;
        var host = ProcessTag.Ephemeral();
        _strays = new StrayProcesses(host, loggers.CreateLogger<StrayProcesses>());
        _guard = new HostGuard(host, loggers.CreateLogger<HostGuard>());
        _guardStarted = new Lazy<Task>(() => _guard.StartAsync(CancellationToken.None));
        Account = new CodexAccount(options, host);
        Engine = new ExecEngine(
            new OptionsWrapper<CodexOptions>(options),
            _scratch,
            _strays,
            TimeProvider.System,
            loggers.CreateLogger<ExecEngine>());
    }

    internal ExecEngine Engine { get; }

    internal CodexAccount Account { get; }

    /// <summary>A new thread; the CLI opens its session with the first turn.</summary>
    public CodexThread StartThread(ThreadOptions? options = null) => new(this, null, options ?? new ThreadOptions());

    /// <summary>A thread that an earlier process has begun, by <see cref="CodexThread.Id"/>.</summary>
    public CodexThread ResumeThread(Guid id, ThreadOptions? options = null) => new(this, id, options ?? new ThreadOptions());

    public async ValueTask DisposeAsync()
    {
        await _strays.EndAll().ConfigureAwait(false);
        if (_guardStarted.IsValueCreated)
            await _guardStarted.Value.ConfigureAwait(false);
        _guard.Dispose();
        try
        {
            Directory.Delete(_scratch.Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // No turn needed a file.
        }
    }

    internal Task Guard() => _guardStarted.Value;
}
