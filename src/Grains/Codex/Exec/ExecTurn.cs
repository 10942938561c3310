using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using CliWrap;
using CodexOrleans.Grains.Codex.Pipes;

namespace CodexOrleans.Grains.Codex.Exec;

/// <summary>
/// One run of the CLI. Two parties meet here and neither waits for the other longer than it must: the reader pulls stdout at its own
/// pace (a full pipe slows the CLI down), the supervisor sees to it that the process and all it started end.
/// </summary>
internal sealed partial class ExecTurn : ICodexTurn
{
    /// <summary>After the terminal event the CLI writes its session and ends, in about 80 ms.</summary>
    private static readonly TimeSpan _exitGrace = TimeSpan.FromSeconds(2);

    /// <summary>A process that SIGKILL has not ended by then hangs in the kernel.</summary>
    private static readonly TimeSpan _killPatience = TimeSpan.FromSeconds(10);

    private static readonly Task _never = new TaskCompletionSource().Task;

    /// <summary>Takes what nobody reads, of all turns at once.</summary>
    private static readonly byte[] _discarded = new byte[4_096];

    private readonly ExecEngine _engine;
    private readonly CodexTurnStart _start;
    private readonly StderrTail _stderr = new();
    private readonly CancellationTokenSource _polite = new();
    private readonly CancellationTokenSource _force = new();

    /// <summary>The CLI's stdout once it runs; null when it could not be started.</summary>
    private readonly TaskCompletionSource<Stream?> _stdout = new();

    /// <summary>The main process's exit code.</summary>
    private readonly TaskCompletionSource<int> _exited = NewSource<int>();

    private readonly TaskCompletionSource _stopRequested = NewSource();
    private readonly TaskCompletionSource _forceRequested = NewSource();

    /// <summary>The terminal event is known, or stdout has ended: nothing that the process does from now on matters.</summary>
    private readonly TaskCompletionSource _outputOver = NewSource();
    private readonly TaskCompletionSource _stderrEnded = NewSource();
    private readonly TaskCompletionSource _gone = NewSource();

    /// <summary>The process and its strays are gone: what keeps a pipe open now is nothing of ours.</summary>
    private readonly CancellationTokenSource _cut = new();

    private int _reason = -1;
    private string? _startFailure;
    private string _startFailureCode = FailureCodes.CodexNotStarted;

    /// <summary>The main process, once it runs.</summary>
    private int _processId;

    public ExecTurn(ExecEngine engine, CodexTurnStart start)
    {
        _engine = engine;
        _start = start;
        _transcript = new TurnTranscript(start.ThreadId, start.ResumeCodexThreadId, start.UsageBefore);
    }

    public Task Gone => _gone.Task;

    private StopReason? Reason => Volatile.Read(ref _reason) is >= 0 and var reason ? (StopReason)reason : null;

    public void Begin() => _ = Task.Run(Supervise);

    public void Stop(StopReason reason)
    {
        if (_outputOver.Task.IsCompleted)
            return;
        Interlocked.CompareExchange(ref _reason, (int)reason, -1);
        if (reason == StopReason.Fenced)
            _forceRequested.TrySetResult();
        _stopRequested.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        _forceRequested.TrySetResult();
        _stopRequested.TrySetResult();
        await Gone.ConfigureAwait(false);
        _outputOver.TrySetResult();
        ReleaseBuffer();
    }

    private async Task Supervise()
    {
        var scratch = new TurnScratch(_engine.Scratch, _start.TurnId);
        using var span = StartSpan();
        try
        {
            var timeout = _start.Timeout is { } limit
                ? _engine.Time.CreateTimer(_ => Stop(StopReason.TurnTimeout), null, limit, Timeout.InfiniteTimeSpan)
                : null;
            await using (timeout)
            {
                if (StartProcess(scratch) is { } command)
                {
                    Observe(command);
                    await UntilExited().ConfigureAwait(false);
                    await EndStrays().ConfigureAwait(false);
                }
                else
                {
                    _stderrEnded.TrySetResult();
                }
            }
        }
        catch (Exception e)
        {
            // Whatever went wrong here, the turn must end and nobody may wait for ever.
            LogSupervisorFailed(e, _start.TurnId);
            _startFailure ??= "The server failed to run the Codex CLI; its log has the details.";
            _stderrEnded.TrySetResult();
            await _force.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            _stdout.TrySetResult(null);
            _exited.TrySetResult(-1);
            Note(span);
            await _cut.CancelAsync().ConfigureAwait(false);
            Discard(scratch);
            _gone.TrySetResult();
        }
    }

    private Activity? StartSpan()
    {
        if (_start.Activity is not { } turn)
            return null;
        turn.SetTag("codex.engine", "exec");
        var span = Tracing.Source.StartActivity("codex.cli", ActivityKind.Internal, turn.Context);
        return span?.SetTag("codex.cli.resumed", _start.ResumeCodexThreadId is not null);
    }

    /// <summary>How the run of the CLI ended, for whoever watches.</summary>
    private void Note(Activity? span)
    {
        var failed = _startFailure is not null;
        if (failed)
            _engine.Metrics?.StartFailed();
        if (span is null)
            return;
        if (failed)
            span.SetTag("error.type", _startFailureCode).SetStatus(ActivityStatusCode.Error);
        else
            span.SetTag("process.exit.code", _exited.Task.Result);
    }

    private void Discard(TurnScratch scratch)
    {
        try
        {
            scratch.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogScratchLeft(e, _start.TurnId);
        }
    }

    /// <summary>Starts the CLI; null when that is impossible or no longer wanted, with the cause noted.</summary>
    private Task<CommandResult>? StartProcess(TurnScratch scratch)
    {
        if (_stopRequested.Task.IsCompleted)
            return null;
        if ((_start.Rehearsal ? Rehearsal.Executable : _engine.FindExecutable()) is not { } executable)
        {
            _startFailure = "The Codex CLI is not installed on this server. Its operator can install it with 'npm i -g @openai/codex', or set Codex:ExecutablePath.";
            return null;
        }

        if (_start.Options.WorkingDirectory is { } folder && !Directory.Exists(folder))
        {
            _startFailure = "The thread's working directory does not exist on this server.";
            return null;
        }

        if (_start.ResumeCodexThreadId is { } session && !Guid.TryParse(session, out _))
        {
            // The CLI would take it for a name, not find it, and open a new session.
            _startFailure = "The thread's stored Codex session id is not a UUID, so the session cannot be continued. Start a new thread.";
            return null;
        }

        string? schema;
        IReadOnlyList<string> images;
        try
        {
            schema = scratch.WriteOutputSchema(_start.OutputSchema);
            images = scratch.LinkImages(_start.Images);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoScratch(e, _start.TurnId);
            _startFailure = "The server could not write a file that the turn needs; its log has the details. Is a disk full?";
            _startFailureCode = FailureCodes.WorkspaceUnavailable;
            return null;
        }

        try
        {
            IReadOnlyList<string> arguments = CodexArguments.Build(_start, _engine.Options.ConfigOverrides, _engine.Environment, schema, images);
            if (_start.Rehearsal)
                arguments = Rehearsal.Arguments(arguments);
            if (_engine.SessionStarter is { } starter)
                (executable, arguments) = (starter, [executable, .. arguments]);
            return Cli.Wrap(executable)
                .WithWorkingDirectory(_start.Options.WorkingDirectory ?? Directory.GetCurrentDirectory())
                .WithStandardInputPipe(PipeSource.Create(WritePrompt))
                .WithStandardOutputPipe(PipeTarget.Create(HandOutStdout))
                .WithStandardErrorPipe(PipeTarget.Create(DrainStderr))
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(
                    process =>
                    {
                        _engine.Environment.Apply(process.Environment, _start.TurnId);
                        // As a list: a command line would have to be quoted, and is taken apart again by other rules.
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
            LogNotStarted(e, _start.TurnId, executable);
            _startFailure = "The Codex CLI could not be started on this server; the server's log has the details.";
            return null;
        }
    }

    /// <summary>The process's own event: CliWrap's task ends only with the pipes, which a grandchild may hold open.</summary>
    private void NoteExit(Process process)
    {
        Volatile.Write(ref _processId, process.Id);
        process.Exited += (sender, _) => _exited.TrySetResult(((Process)sender!).ExitCode);
        if (process.HasExited)
            _exited.TrySetResult(process.ExitCode);
    }

    private async Task WritePrompt(Stream stdin, CancellationToken exited)
    {
        await _start.Accepted.WaitAsync(exited).ConfigureAwait(false);
        if (IsElsewhere())
        {
            // Without a prompt it has done nothing yet.
            _startFailure = "The working directory was moved or replaced while the turn started, so nothing was run.";
            _startFailureCode = FailureCodes.WorkspaceChanged;
            EndByForce();
            return;
        }

        // CliWrap closes stdin behind this; exec waits for that.
        await stdin.WriteAsync(Encoding.UTF8.GetBytes(_start.Prompt), exited).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether the process works in another folder than the one that was checked: between the check and its start a link may have taken
    /// the folder's place. Where the OS does not tell, false.
    /// </summary>
    private bool IsElsewhere() =>
        OperatingSystem.IsLinux()
        && _start.RealWorkingDirectory is { } folder
        && new FileInfo($"/proc/{Volatile.Read(ref _processId)}/cwd").LinkTarget is { } actual
        && actual != folder;

    /// <summary>Gives stdout to the reader, and when that has what it wants, throws the rest away so that the CLI can end.</summary>
    private async Task HandOutStdout(Stream stdout, CancellationToken _)
    {
        using var pipe = ProcessPipe.Over(stdout);
        _stdout.TrySetResult(pipe);
        await _outputOver.Task.ConfigureAwait(false);
        try
        {
            while (await pipe.ReadAsync(_discarded, _cut.Token).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (OperationCanceledException) when (_cut.IsCancellationRequested)
        {
            // The process is gone, something else holds its stdout.
        }
    }

    private async Task DrainStderr(Stream stderr, CancellationToken _)
    {
        var buffer = new byte[1_024];
        try
        {
            while (await stderr.ReadAsync(buffer, _cut.Token).ConfigureAwait(false) is > 0 and var count)
                _stderr.Append(buffer.AsSpan(0, count));
        }
        catch (OperationCanceledException) when (_cut.IsCancellationRequested)
        {
            // The process is gone. Its last words may still be in the pipe, and something else may hold it open.
            for (var left = MaxPipe; left > 0 && await ReadWhatIsThere(stderr, buffer).ConfigureAwait(false) is > 0 and var count; left -= count)
                _stderr.Append(buffer.AsSpan(0, count));
        }
        finally
        {
            _stderrEnded.TrySetResult();
        }
    }

    /// <summary>Waits for the process; ends it when asked to, or when it stays after its output is over.</summary>
    private async Task UntilExited()
    {
        await Task.WhenAny(_exited.Task, _stopRequested.Task, _outputOver.Task).ConfigureAwait(false);
        if (!_stopRequested.Task.IsCompleted && await ExitsWithin(_exitGrace, _stopRequested.Task).ConfigureAwait(false))
            return;
        if (!_forceRequested.Task.IsCompleted && !_exited.Task.IsCompleted)
        {
            // SIGINT lets the CLI end its commands itself; SIGTERM and SIGKILL leave their children as orphans.
            await _polite.CancelAsync().ConfigureAwait(false);
            await ExitsWithin(_engine.Options.StopGrace, _forceRequested.Task).ConfigureAwait(false);
        }

        if (!_exited.Task.IsCompleted)
        {
            await _force.CancelAsync().ConfigureAwait(false);
            if (!await ExitsWithin(_killPatience, _never).ConfigureAwait(false))
                LogNotEnded(_start.TurnId);
        }
    }

    private async Task<bool> ExitsWithin(TimeSpan time, Task sooner)
    {
        if (_exited.Task.IsCompleted)
            return true;
        var over = new TaskCompletionSource();
        await using (_engine.Time.CreateTimer(static over => ((TaskCompletionSource)over!).TrySetResult(), over, time, Timeout.InfiniteTimeSpan).ConfigureAwait(false))
            await Task.WhenAny(_exited.Task, sooner, over.Task).ConfigureAwait(false);
        return _exited.Task.IsCompleted;
    }

    /// <summary>Commands run in sessions of their own, so neither a signal to the CLI nor to its group reaches all of them.</summary>
    private async Task EndStrays()
    {
        try
        {
            await _engine.Strays.EndTurn(_start.TurnId).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogStraysUnknown(e, _start.TurnId);
        }
    }

    private static void Observe(Task command) =>
        // A stopped command ends in an OperationCanceledException by CliWrap's contract; a broken pipe tells no more than the exit code.
        command.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<T> NewSource<T>() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
