using System.Text.Json;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains;

/// <summary>The life of a turn: slot, submit, run, commit, publish, end.</summary>
public sealed partial class ThreadGrain
{
    // Written by the grain when a turn starts and by the turn's loop when it ends: whoever sees null sees all that the turn has left.
    private volatile RunningTurn? _turn;
    private Task _running = Task.CompletedTask;

    // Turns that have not left yet: the running one, and those before it.
    private int _runs;
    private Task _previousLeft = Task.CompletedTask;

    private async Task<StartTurnResult> Start(TurnRequest request, string? front, CancellationToken cancellationToken)
    {
        var effective = request.Options.Over(_thread.Options);
        effective = effective with { Sandbox = effective.Sandbox ?? SandboxMode.WorkspaceWrite };
        if (FolderProblem(request, effective, out _) is { } problem)
        {
            // A thread stays where its turn was ended for a lost node, as long as it is watched; that node may be back.
            if (problem.IsMissing && request.MayMove && records.ThreadsMove && _thread.Exists
                && await homes.FindElsewhere(_thread.Id) is { } home)
            {
                return MoveTo(home, Guid.NewGuid(), request.Slot?.Waited ?? default);
            }

            return Refuse(problem);
        }

        // A new thread has no files yet. A rehearsal is for the process that asks for it.
        var anywhere = request.MayMove && !request.Rehearsal && records.ThreadsMove && (!_thread.Exists || workspace.IsShared);
        if (!anywhere && !request.Rehearsal && !engine.IsReady)
            return NotReady();

        var asked = time.GetTimestamp();
        var offer = await slots.Acquire(new SlotRequest(request.User ?? "", anywhere, request.Slot?.Ticket, request.Slot?.Waited ?? default), cancellationToken);
        if (offer.Elsewhere is { } silo)
            return MoveTo(silo, offer.Ticket, offer.Waited);

        if (!request.Rehearsal)
            metrics.Queued(time.GetElapsedTime(asked) + (request.Slot?.Waited ?? default));
        if (offer.NotReady)
            return NotReady();
        if (offer.Slot is not { } slot)
        {
            return slots.Closed
                ? Refuse(RefusalCodes.HostDraining, "The server is shutting down. Try again in a moment.", retryAfter: 5)
                : Refuse(RefusalCodes.ServerBusy, "All turn slots are taken. Try again later.", retryAfter: 10);
        }

        var id = Guid.CreateVersion7(time.GetUtcNow());
        var running = new RunningTurn(id, _thread.Head + 1, slot, TurnTelemetry.Begin(metrics, _thread.Id, id, effective, request.Rehearsal, time));
        var accepted = new TaskCompletionSource();
        Task<ICodexTurn>? early = null;
        var refused = "not_stored";
        var submitted = false;
        try
        {
            if (await EnsureFolder(running, request, effective) is { Refusal: { } refusal } unmade)
            {
                refused = refusal.Code;
                return unmade;
            }

            // A new thread has no session that somebody else might still write: its CLI starts while the log is being written, and gets the
            // prompt when the turn is on disk.
            if (!_thread.Exists)
                early = Launch(running, request, effective, accepted.Task);
            var turnId = running.Id;
            var chunk = new LogChunk
            {
                FirstSeq = _thread.Head + 1,
                LastSeq = _thread.Head + 1,
                TurnId = turnId,
                At = Now(),
                Kind = (byte)EventKind.Server,
                Lines = ServerLines.TurnSubmitted(turnId, request, effective),
            };
            var result = await store.Commit(new ThreadCommit
            {
                ThreadId = _thread.Id,
                Generation = _thread.Generation + 1,
                Claim = true,
                ExpectedHead = _thread.Head,
                Chunks = [chunk],
                TurnStart = new TurnStart(turnId, host.Value, chunk.At),
                Options = JsonSerializer.Serialize(effective, ThreadJson.Default.ThreadOptions),
                Activity = running.Telemetry.Span,
            });
            if (result == CommitResult.Fenced)
            {
                // Another activation owns the thread; a fresh one reads its state.
                metrics.Fenced();
                DeactivateOnIdle();
                return Refuse(RefusalCodes.TurnInProgress, "The thread has just been taken over by another owner. Try again.", retryAfter: 1);
            }

            submitted = true;
            running.Telemetry.Accepted();
            _thread.Exists = true;
            _thread.Generation++;
            _thread.Head = chunk.LastSeq;
            _thread.Options = effective;
            if (front is not null)
                Lease(front, forTurn: true);
            _thread.Publish(_thread.Fronts.All, chunk, endsTurn: false);
            _turn = running;
            DelayDeactivation(TimeSpan.MaxValue);
            _runs++;
            accepted.SetResult();
            _running = Run(running, early ?? Launch(running, request, effective, accepted.Task));
            return new StartTurnResult { Started = new StartedTurn(turnId, chunk.FirstSeq) };
        }
        catch (StorageException e)
        {
            // The database may have taken it all the same, and only its answer was lost: then somebody has to end that turn.
            LogStartNotStored(e);
            DeactivateOnIdle();
            sweep.End(_thread.Id, id);
            return Refuse(RefusalCodes.StorageUnavailable, "The server cannot write its log now, and nothing runs. Try again later.", retryAfter: 10);
        }
        finally
        {
            if (!submitted)
                await Abandon(running, early, refused);
        }
    }

    /// <summary>
    /// What is wrong with the folders and images that the turn is to use, or null. Asked at each turn, and again right before its CLI
    /// starts: what an earlier turn was allowed may be a link by now, to the server's own data.
    /// </summary>
    private PathProblem? FolderProblem(TurnRequest request, ThreadOptions effective, out TurnPaths paths)
    {
        var problem = TurnPaths.Resolve(roots, request, effective, out paths);
        if (problem is not null || effective.WorkingDirectory is not null)
            return problem;
        if (workspace.IsReplaced(_thread.Id))
        {
            return new(
                RefusalCodes.PathNotAllowed, "The thread's own folder has become a link, so nothing runs there. Name a working directory.");
        }

        return _thread.Exists && records.ThreadsMove && !workspace.Exists(_thread.Id)
            ? new(
                RefusalCodes.WorkingDirectoryMissing,
                "The thread's own folder is not on this node: it ran on another one. "
                + "Keep the nodes' workspaces on a shared volume, or name a working directory.")
            : null;
    }

    /// <summary>Makes the thread's own folder, if it works there; null, or why that cannot be.</summary>
    private async ValueTask<StartTurnResult?> EnsureFolder(RunningTurn running, TurnRequest request, ThreadOptions effective)
    {
        // The wait for a slot may have been long.
        if (FolderProblem(request, effective, out _) is { } problem)
            return Refuse(problem);
        if (effective.WorkingDirectory is not null)
            return null;
        try
        {
            running.OwnFolder = await workspace.Ensure(_thread.Id);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoFolder(e);
            return Refuse(
                RefusalCodes.WorkspaceUnavailable,
                "The server cannot make the thread's folder now, and nothing runs. Try again later, or name a working directory.",
                retryAfter: 10);
        }
    }

    private StartTurnResult Refuse(PathProblem problem) => Refuse(problem.Code, problem.Message, field: problem.Field);

    private StartTurnResult MoveTo(SiloAddress silo, Guid ticket, TimeSpan waited)
    {
        DeactivateOnIdle();
        return new StartTurnResult { Elsewhere = new PromisedSlot(silo, ticket, waited) };
    }

    private StartTurnResult NotReady() => engine.IsInstalled
        ? Refuse(RefusalCodes.CodexNotLoggedIn, "The Codex CLI is not logged in on this server. Run: codex login, or set CODEX_API_KEY")
        : Refuse(RefusalCodes.CodexNotInstalled, "The Codex CLI is not installed on this server. Install it with: npm i -g @openai/codex");

    /// <summary>Starts the CLI. It does nothing until it gets its prompt, when <paramref name="accepted"/> completes.</summary>
    private async Task<ICodexTurn> Launch(RunningTurn running, TurnRequest request, ThreadOptions effective, Task accepted)
    {
        ICodexTurn turn;
        try
        {
            // One session has one writer: the CLI of the turn before must have let go of it.
            await _previousLeft;
            turn = await Prepare(running, request, effective, accepted) is { } start
                ? engine.Start(start)
                : new UnstartedTurn(
                    FailureCodes.WorkspaceChanged,
                    "A folder or an image of the turn was moved or replaced meanwhile, so nothing was started.");
        }
        catch (Exception e)
        {
            // The turn may be in the log already: it ends like any other that could not be started, at once and with the cause.
            LogNotPrepared(e);
            turn = UnstartedTurn.For(e);
        }

        running.Slot.Run(turn);
        return turn;
    }

    /// <summary>Takes back what was begun for a turn that is not on disk.</summary>
    private async Task Abandon(RunningTurn running, Task<ICodexTurn>? early, string refused)
    {
        running.Telemetry.Refused(refused);
        try
        {
            if (early is null)
                return;
            var turn = await early;
            turn.Stop(StopReason.Fenced);
            await turn.Gone;
            await turn.DisposeAsync();
            workspace.Remove(_thread.Id);
        }
        catch (Exception e)
        {
            // The caller is told why the turn was refused; this is for the operator.
            LogNotTakenBack(e);
        }
        finally
        {
            running.Slot.Dispose();
        }
    }

    private async Task Run(RunningTurn running, Task<ICodexTurn> launch)
    {
        ICodexTurn? turn = null;
        Task? left = null;
        try
        {
            turn = await launch;
            var pump = new TurnPump(_thread, store, running.Telemetry, time, logger);
            if (await pump.Run(turn, running.Id, End) == CommitResult.Fenced)
            {
                // Whoever has the thread now has ended the turn, or is about to. If it was nobody, this does.
                LogFenced();
                turn.Stop(StopReason.Fenced);
                DeactivateOnIdle();
                sweep.End(_thread.Id, running.Id);
            }
        }
        catch (Exception e)
        {
            // The log is closed, or an invariant is broken. The turn is open in the log; a new activation ends it.
            LogTurnBroken(e);
            running.Telemetry.Lost("broken");
            turn?.Stop(StopReason.Fenced);
            DeactivateOnIdle();
            sweep.End(_thread.Id, running.Id);
        }

        running.Telemetry.Lost("fenced");
        if (ReferenceEquals(_turn, running))
            _turn = null;
        if (turn is not null)
        {
            await (left ?? Leave(turn));
            await turn.DisposeAsync();
        }

        running.Slot.Dispose();
        if (--_runs > 0)
            return;
        DelayDeactivation(TimeSpan.FromMilliseconds(-1));
        LeaveIfIdle();

        // Called by the pump before it publishes the terminal event: whoever has seen that may start the next turn.
        void End(ICodexTurn ended)
        {
            _previousLeft = left = Leave(ended);
            _turn = null;
        }

        // The next turn continues what this one has left behind.
        async Task Leave(ICodexTurn leaving)
        {
            await leaving.Gone;
            await records.Keep(_thread.Id, _thread.CodexThreadId, running.Id);
        }
    }

    /// <summary>
    /// What the engine needs, with the session to continue made sure of; null when the folders are no longer what they were.
    /// </summary>
    private async ValueTask<CodexTurnStart?> Prepare(RunningTurn running, TurnRequest request, ThreadOptions effective, Task accepted)
    {
        // A CLI that died early leaves no session behind, and a session's file can be lost: then a new one is told what was said.
        var resumed = _thread.CodexThreadId is { } session && await records.Restore(_thread.Id, session, running.Id) ? session : null;
        var prompt = resumed is null && running.FirstSeq > 1
            ? await history.Prepend(_thread.Id, running.FirstSeq, request.Prompt)
            : request.Prompt;

        if (FolderProblem(request, effective, out var paths) is { } problem)
        {
            LogFolderChanged(problem.Code);
            return null;
        }

        var skipGit = effective.SkipGitRepoCheck;
        var (folder, directories) = (paths.WorkingDirectory, paths.AdditionalDirectories);
        if (running.OwnFolder is { } own)
        {
            folder = own.Path;
            skipGit = own.IsRepository ? skipGit : true;
            if (own.IsRepository && effective.Sandbox == SandboxMode.WorkspaceWrite)
                directories = WithRepository(directories, folder);
        }

        return new CodexTurnStart
        {
            ThreadId = _thread.Id,
            TurnId = running.Id,
            Activity = running.Telemetry.Span,
            Prompt = prompt,
            Accepted = accepted,
            Options = effective with
            {
                WorkingDirectory = folder,
                AdditionalDirectories = directories,
                SkipGitRepoCheck = skipGit,
            },
            RealWorkingDirectory = folder is null ? null : RealPath.Of(folder),
            OutputSchema = request.OutputSchema,
            Images = paths.Images,
            Rehearsal = request.Rehearsal,
            ResumeCodexThreadId = resumed,
            UsageBefore = resumed is null ? new TokenUsage() : _thread.Usage,
            Timeout = options.Value.TurnTimeout,
        };
    }

    /// <summary>
    /// The agent may commit in the thread's own folder: without this the CLI's sandbox keeps <c>.git</c> read-only. A link in its place
    /// could lead anywhere, so it stays as the CLI has it.
    /// </summary>
    private static IReadOnlyList<string>? WithRepository(IReadOnlyList<string>? directories, string folder)
    {
        var repository = new DirectoryInfo(Path.Combine(folder, ".git"));
        return repository.LinkTarget is null ? [.. directories ?? [], repository.FullName] : directories;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private sealed record RunningTurn(Guid Id, long FirstSeq, TurnSlot Slot, TurnTelemetry Telemetry)
    {
        /// <summary>The thread's own folder, if the turn works there.</summary>
        public (string Path, bool IsRepository)? OwnFolder { get; set; }
    }
}
