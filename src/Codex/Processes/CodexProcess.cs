using System.ComponentModel;
using System.Diagnostics;
using CliWrap;
using CodexOrleans.Codex.Pipes;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Processes;

/// <summary>
/// One supervised process of the CLI. It has two sides that run independently: a reader takes stdout at its own pace (a full pipe slows the
/// process down), and the supervisor ensures that the process and all that it started end.
/// </summary>
/// <param name="supervisor">The services and limits that all processes share.</param>
/// <param name="tag">
/// The turn's id. It is in the environment of the process and of everything that it starts, by which they are found.
/// </param>
internal sealed partial class CodexProcess(ProcessSupervisor supervisor, Guid tag) : IDisposable
{
    /// <summary>Time to exit after the last output. The CLI writes its session and ends in about 80 ms.</summary>
    private static readonly TimeSpan _exitGrace = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait after SIGKILL: a process that lives longer hangs in the kernel.</summary>
    private static readonly TimeSpan _killPatience = TimeSpan.FromSeconds(10);

    private static readonly Task _never = new TaskCompletionSource().Task;

    private readonly StderrTail _stderr = new();
    private readonly CancellationTokenSource _polite = new();
    private readonly CancellationTokenSource _force = new();

    /// <summary>Cancelled when the process and its strays have ended; another process that keeps the pipe open no longer matters.</summary>
    private readonly CancellationTokenSource _gone = new();

    private readonly TaskCompletionSource<ProcessOutput?> _output = new();
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _killRequested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _outputOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stderrEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _id;

    /// <summary>The stdout once the process runs; null when it was not started.</summary>
    public Task<ProcessOutput?> Output => _output.Task;

    /// <summary>The exit code as .NET reports it; -1 when the process was not started or could not be ended.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>Completes when <see cref="Stderr"/> is complete.</summary>
    public Task StderrEnded => _stderrEnded.Task;

    /// <summary>The end of stderr as readable text.</summary>
    public string Stderr => _stderr.Text();

    /// <summary>The process id once the process runs, else 0.</summary>
    public int Id => Volatile.Read(ref _id);

    public bool IsStopRequested => _stopRequested.Task.IsCompleted;

    /// <summary>Whether the turn needs no further output of the process.</summary>
    public bool IsOutputOver => _outputOver.Task.IsCompleted;

    /// <summary>Ends the process with SIGINT, and with SIGKILL after the grace period.</summary>
    public void Stop() => _stopRequested.TrySetResult();

    /// <summary>Ends the process with SIGKILL.</summary>
    public void Kill()
    {
        _killRequested.TrySetResult();
        _stopRequested.TrySetResult();
    }

    /// <summary>Declares that no further output is needed. The process gets two seconds to end by itself.</summary>
    public void EndOutput() => _outputOver.TrySetResult();

    /// <summary>Runs the process, and returns when it and everything that it started have ended. Called once.</summary>
    /// <param name="start">The program to start, or null to start none.</param>
    /// <returns>False when it could not be started.</returns>
    public async Task<bool> Run(ProcessStart? start)
    {
        try
        {
            if (start is null || Begin(start) is not { } command)
                return false;
            Observe(command);
            await UntilExited().ConfigureAwait(false);
            await EndStrays().ConfigureAwait(false);
            return true;
        }
        catch
        {
            _stderrEnded.TrySetResult();
            await _force.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            if (_output.TrySetResult(null))
                _stderrEnded.TrySetResult();
            _exited.TrySetResult(-1);
            await _gone.CancelAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        Kill();
        EndOutput();
    }

    private Task<CommandResult>? Begin(ProcessStart start)
    {
        var (executable, arguments) = supervisor.SessionStarter is { } starter
            ? (starter, (IReadOnlyList<string>)[start.Executable, .. start.Arguments])
            : (start.Executable, start.Arguments);
        try
        {
            return Cli.Wrap(executable)
                .WithWorkingDirectory(start.WorkingDirectory)
                .WithStandardInputPipe(PipeSource.Create(start.Input))
                .WithStandardOutputPipe(PipeTarget.Create(HandOutStdout))
                .WithStandardErrorPipe(PipeTarget.Create(DrainStderr))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(
                    process =>
                    {
                        start.Environment(process.Environment);
                        // The arguments are passed as a list, because a command line would be quoted by one set of rules and split by
                        // another.
                        foreach (var argument in arguments)
                            process.ArgumentList.Add(argument);
                    },
                    NoteExit,
                    _force.Token,
                    _polite.Token)
                .Task;
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            LogNotStarted(supervisor.Logger, e, tag, executable);
            return null;
        }
    }

    /// <summary>
    /// Uses the process's own exit event, because CliWrap's task ends only when the pipes close, which a grandchild may hold open.
    /// </summary>
    private void NoteExit(Process process)
    {
        Volatile.Write(ref _id, process.Id);
        process.Exited += (sender, _) => _exited.TrySetResult(((Process)sender!).ExitCode);
        if (process.HasExited)
            _exited.TrySetResult(process.ExitCode);
    }

    /// <summary>Gives stdout to the reader, and discards the rest when the reader is done, so that the process can end.</summary>
    private async Task HandOutStdout(Stream stdout, CancellationToken _)
    {
        using var pipe = ProcessPipe.Over(stdout);
        var output = new ProcessOutput(pipe, _gone.Token);
        _output.TrySetResult(output);
        await _outputOver.Task.ConfigureAwait(false);
        await output.Discard().ConfigureAwait(false);
    }

    private async Task DrainStderr(Stream stderr, CancellationToken _)
    {
        var output = new ProcessOutput(stderr, _gone.Token);
        var buffer = new byte[1_024];
        try
        {
            while (await output.Read(buffer, CancellationToken.None).ConfigureAwait(false) is > 0 and var count)
                _stderr.Append(buffer.AsSpan(0, count));
        }
        finally
        {
            _stderrEnded.TrySetResult();
        }
    }

    /// <summary>Waits for the process to exit; ends it on request, or when it does not exit after its last output.</summary>
    private async Task UntilExited()
    {
        await Task.WhenAny(_exited.Task, _stopRequested.Task, _outputOver.Task).ConfigureAwait(false);
        if (!_stopRequested.Task.IsCompleted && await ExitsWithin(_exitGrace, _stopRequested.Task).ConfigureAwait(false))
            return;
        if (!_killRequested.Task.IsCompleted && !_exited.Task.IsCompleted)
        {
            // SIGINT comes first, because the CLI then ends its commands; SIGTERM and SIGKILL would leave them as orphans.
            await _polite.CancelAsync().ConfigureAwait(false);
            await ExitsWithin(supervisor.StopGrace, _killRequested.Task).ConfigureAwait(false);
        }

        if (!_exited.Task.IsCompleted)
        {
            await _force.CancelAsync().ConfigureAwait(false);
            if (!await ExitsWithin(_killPatience, _never).ConfigureAwait(false))
                LogNotEnded(supervisor.Logger, tag);
        }
    }

    private async Task<bool> ExitsWithin(TimeSpan time, Task sooner)
    {
        if (_exited.Task.IsCompleted)
            return true;
        var over = new TaskCompletionSource();
        var timer = supervisor.Time.CreateTimer(
            static over => ((TaskCompletionSource)over!).TrySetResult(), over, time, Timeout.InfiniteTimeSpan);
        await using (timer.ConfigureAwait(false))
            await Task.WhenAny(_exited.Task, sooner, over.Task).ConfigureAwait(false);
        return _exited.Task.IsCompleted;
    }

    /// <summary>
    /// Ends the commands of the turn, which run in sessions of their own and so do not get signals to the CLI or its group.
    /// </summary>
    private async Task EndStrays()
    {
        try
        {
            await supervisor.Strays.EndTurn(tag).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogStraysUnknown(supervisor.Logger, e, tag);
        }
    }

    private static void Observe(Task command) =>
        // The exception is ignored: a stopped command ends in an OperationCanceledException by CliWrap's contract, and a broken pipe says
        // no more than the exit code.
        command.ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Turn {TurnId}: '{Executable}' could not be started. Check that it is executable, and Codex:ExecutablePath.")]
    private static partial void LogNotStarted(ILogger logger, Exception exception, Guid turnId, string executable);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turn {TurnId}: the Codex CLI does not end by SIGKILL; it hangs in the kernel.")]
    private static partial void LogNotEnded(ILogger logger, Guid turnId);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Turn {TurnId}: /proc cannot be listed, so processes that the turn left behind were not ended.")]
    private static partial void LogStraysUnknown(ILogger logger, Exception exception, Guid turnId);
}
