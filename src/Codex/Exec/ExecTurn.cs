using System.Diagnostics;
using System.Text;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Exec;

/// <summary>
/// One turn as one run of <c>codex exec</c>: its start, its supervision and its failures. Reading is in <c>ExecTurn.Reading.cs</c>.
/// </summary>
internal sealed partial class ExecTurn : ICodexTurn
{
    private readonly ExecEngine _engine;
    private readonly ExecSession _session;
    private readonly TurnSpec _turn;
    private readonly string? _resumed;
    private readonly CodexProcess _process;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _reason = -1;
    private string? _startFailure;
    private string _startFailureCode = FailureCodes.CodexNotStarted;

    public ExecTurn(ExecEngine engine, ExecSession session, TurnSpec turn)
    {
        _engine = engine;
        _session = session;
        _turn = turn;
        _resumed = session.CodexThreadId;
        _process = new CodexProcess(engine.Supervisor, turn.TurnId);
        _transcript = new TurnTranscript(session.Spec.ThreadId, _resumed, session.UsageBefore);
    }

    public Task Settled => _settled.Task;

    private ILogger Logger => _engine.Supervisor.Logger;

    private StopReason? Reason => Volatile.Read(ref _reason) is >= 0 and var reason ? (StopReason)reason : null;

    public void Begin() => _ = Task.Run(Run);

    public void Stop(StopReason reason)
    {
        if (_process.IsOutputOver)
            return;
        Interlocked.CompareExchange(ref _reason, (int)reason, -1);
        if (reason == StopReason.Fenced)
            _process.Kill();
        else
            _process.Stop();
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await Settled.ConfigureAwait(false);
        _process.Dispose();
        ReleaseBuffer();
    }

    private async Task Run()
    {
        var scratch = new TurnScratch(_engine.Scratch.Path, _turn.TurnId);
        using var span = StartSpan();
        try
        {
            var timeout = _turn.Timeout is { } limit
                ? _engine.Supervisor.Time.CreateTimer(_ => Stop(StopReason.TurnTimeout), null, limit, Timeout.InfiniteTimeSpan)
                : null;
            await using (timeout)
            {
                var start = Prepare(scratch);
                if (!await _process.Run(start).ConfigureAwait(false) && start is not null)
                    _startFailure = "The Codex CLI could not be started on this server; the server's log has the details.";
            }
        }
        catch (Exception e)
        {
            // Any failure of supervision ends the turn, so that no reader waits for ever.
            LogSupervisorFailed(Logger, e, _turn.TurnId);
            _startFailure ??= "The server failed to run the Codex CLI; its log has the details.";
            if (!_process.Exited.IsCompleted)
                await _process.Run(null).ConfigureAwait(false);
        }
        finally
        {
            Note(span);
            Discard(scratch);
            _settled.TrySetResult();
        }
    }

    private Activity? StartSpan()
    {
        if (_turn.Activity is not { } turn)
            return null;
        turn.SetTag("codex.engine", _engine.Name);
        var span = Tracing.Source.StartActivity("codex.cli", ActivityKind.Internal, turn.Context);
        return span?.SetTag("codex.cli.resumed", _resumed is not null);
    }

    /// <summary>Records on the turn's span how the run of the CLI ended.</summary>
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
            span.SetTag("process.exit.code", _process.Exited.Result);
    }

    private void Discard(TurnScratch scratch)
    {
        try
        {
            scratch.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogScratchLeft(Logger, e, _turn.TurnId);
        }
    }

    /// <summary>The program to start; null when the turn cannot or must not start, with the cause stored.</summary>
    private ProcessStart? Prepare(TurnScratch scratch)
    {
        if (_process.IsStopRequested)
            return null;
        if ((_turn.Rehearsal ? Rehearsal.Executable : _engine.FindExecutable()) is not { } executable)
        {
            _startFailure = "The Codex CLI is not installed on this server. Its operator can install it with "
                + "'npm i -g @openai/codex', or set Codex:ExecutablePath.";
            return null;
        }

        if (_turn.Options.WorkingDirectory is { } folder && !Directory.Exists(folder))
        {
            _startFailure = "The thread's working directory does not exist on this server.";
            return null;
        }

        if (_resumed is not null && !Guid.TryParse(_resumed, out _))
        {
            // The CLI would take an id that is not a UUID for a session name, and open a new session.
            _startFailure = "The thread's stored Codex session id is not a UUID, so the session cannot be continued. Start a new thread.";
            return null;
        }

        string? schema;
        IReadOnlyList<string> images;
        try
        {
            schema = scratch.WriteOutputSchema(_turn.OutputSchema);
            images = scratch.LinkImages(_turn.Images);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoScratch(Logger, e, _turn.TurnId);
            _startFailure = "The server could not write a file that the turn needs; its log has the details. Is a disk full?";
            _startFailureCode = FailureCodes.WorkspaceUnavailable;
            return null;
        }

        var account = _session.Spec.Account;
        var arguments = CodexArguments.Build(_turn, account, _resumed, schema, images);
        return new ProcessStart
        {
            Executable = executable,
            Arguments = _turn.Rehearsal ? Rehearsal.Arguments(arguments) : arguments,
            WorkingDirectory = _turn.Options.WorkingDirectory ?? Directory.GetCurrentDirectory(),
            Environment = environment => account.Environment.Apply(environment, _turn.TurnId),
            Input = WritePrompt,
        };
    }

    private async Task WritePrompt(Stream stdin, CancellationToken exited)
    {
        await _turn.Accepted.WaitAsync(exited).ConfigureAwait(false);
        if (IsElsewhere())
        {
            // The CLI has no prompt yet, so it can be killed without a trace.
            _startFailure = "The working directory was moved or replaced while the turn started, so nothing was run.";
            _startFailureCode = FailureCodes.WorkspaceChanged;
            _process.Kill();
            return;
        }

        await stdin.WriteAsync(Encoding.UTF8.GetBytes(_turn.Prompt), exited).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether the process works in another folder than the one that was checked, because a link has replaced the folder between the check
    /// and the start. False where the OS does not show a process's folder.
    /// </summary>
    private bool IsElsewhere() =>
        OperatingSystem.IsLinux()
        && _turn.RealWorkingDirectory is { } folder
        && new FileInfo($"/proc/{_process.Id}/cwd").LinkTarget is { } actual
        && actual != folder;

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Turn {TurnId}: the Codex CLI could not be supervised any longer; it was ended by force.")]
    private static partial void LogSupervisorFailed(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Turn {TurnId}: its scratch files cannot be written, so it was not started. Is the disk of the data directory full "
            + "(df, and df -i), or read-only?")]
    private static partial void LogNoScratch(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Turn {TurnId}: its scratch files could not be deleted.")]
    private static partial void LogScratchLeft(ILogger logger, Exception exception, Guid turnId);
}
