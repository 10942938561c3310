using CodexOrleans.Codex.Accounts;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Grains.Placement;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Grains.Workspaces;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Threads;

/// <summary>What a turn needs before the CLI can start: folders that may be used, and a session that has the conversation so far.</summary>
public sealed partial class TurnPreparation(
    ICodexEngine engine,
    CodexAccount account,
    ThreadWorkspace workspace,
    WorkspaceRoots roots,
    ThreadHistory history,
    SessionRecords records,
    ThreadHome homes,
    ILogger<TurnPreparation> logger)
{
    /// <summary>Whether the thread's files are on every node.</summary>
    internal bool CanRunAnywhere(ThreadLog log) => records.ThreadsMove && (!log.Exists || workspace.IsShared);

    /// <summary>Where else the thread's files may be when they are missing here; null if nowhere.</summary>
    internal async ValueTask<SiloAddress?> FindElsewhere(ThreadLog log) =>
        records.ThreadsMove && log.Exists ? await homes.FindElsewhere(log.Id) : null;

    /// <summary>Why no turn can run here now, or null.</summary>
    internal (string Code, string Message)? NotReady()
    {
        if (engine.IsReady)
            return null;
        return engine.IsInstalled
            ? (RefusalCodes.CodexNotLoggedIn, "The Codex CLI is not logged in on this server. Run: codex login, or set CODEX_API_KEY")
            : (RefusalCodes.CodexNotInstalled, "The Codex CLI is not installed on this server. Install it with: npm i -g @openai/codex");
    }

    /// <summary>
    /// What is wrong with the folders and images that the turn is to use, or null. Asked at each turn, and again right before its CLI
    /// starts: what an earlier turn was allowed may be a link by now, to the server's own data.
    /// </summary>
    internal PathProblem? FindProblem(ThreadLog log, TurnRequest request, ThreadOptions effective) =>
        FindProblem(log, request, effective, out _);

    /// <summary>Makes the thread's own folder, if the turn works there.</summary>
    /// <returns>Null, or why that cannot be.</returns>
    internal async ValueTask<TurnRefusal?> EnsureFolder(ThreadLog log, RunningTurn running, TurnRequest request, ThreadOptions effective)
    {
        // The wait for a slot may have been long.
        if (FindProblem(log, request, effective) is { } problem)
            return new TurnRefusal(problem.Code, problem.Message, Field: problem.Field);
        if (effective.WorkingDirectory is not null)
            return null;
        try
        {
            running.OwnFolder = await workspace.Ensure(log.Id);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoFolder(log.Id, e);
            return new TurnRefusal(
                RefusalCodes.WorkspaceUnavailable,
                "The server cannot make the thread's folder now, and nothing runs. Try again later, or name a working directory.",
                RetryAfterSeconds: 10);
        }
    }

    /// <summary>Deletes the thread's own folder.</summary>
    internal void RemoveFolder(ThreadLog log) => workspace.Remove(log.Id);

    /// <summary>Starts the turn. What cannot be prepared is a turn that fails at once, with the cause.</summary>
    /// <param name="session">The session of the turn before, if this activation has one.</param>
    /// <param name="before">Completes when the turn before has left the session: one session has one writer.</param>
    internal async Task<(ICodexTurn Turn, ICodexSession? Session)> Launch(
        ThreadLog log, RunningTurn running, TurnRequest request, ThreadOptions effective, ICodexSession? session, Task before)
    {
        ICodexTurn turn;
        try
        {
            await before;
            if (await Prepare(log, running, request, effective, session) is { } prepared)
            {
                session = prepared.Session;
                turn = session.Start(prepared.Spec);
            }
            else
            {
                turn = new UnstartedTurn(
                    FailureCodes.WorkspaceChanged,
                    "A folder or an image of the turn was moved or replaced meanwhile, so nothing was started.");
            }
        }
        catch (Exception e)
        {
            // The turn may be in the log already: it ends like any other that could not be started, at once and with the cause.
            LogNotPrepared(log.Id, e);
            turn = UnstartedTurn.For(e);
        }

        running.Attach(turn);
        return (turn, session);
    }

    /// <summary>Completes when the turn has settled and the CLI's record of it is kept for wherever the thread runs next.</summary>
    internal async Task Settle(ThreadLog log, RunningTurn running, ICodexTurn turn)
    {
        await turn.Settled;
        await records.Keep(log.Id, log.CodexThreadId, running.Id);
    }

    /// <summary>Null when the folders are no longer what they were.</summary>
    private async ValueTask<PreparedTurn?> Prepare(
        ThreadLog log, RunningTurn running, TurnRequest request, ThreadOptions effective, ICodexSession? session)
    {
        var prompt = request.Prompt;
        if (session is not { CanContinue: true })
        {
            // A CLI that died early leaves no session behind, and a session's file can be lost: then a new one is told what was said.
            var resumed = log.CodexThreadId is { } known && await records.Restore(log.Id, known, running.Id) ? known : null;
            if (resumed is null && running.FirstSeq > 1)
                prompt = await history.Prepend(log.Id, running.FirstSeq, prompt);
            session = engine.Open(new SessionSpec
            {
                ThreadId = log.Id,
                Account = account,
                Resume = resumed,
                UsageBefore = resumed is null ? new TokenUsage() : log.Usage,
            });
        }

        if (FindProblem(log, request, effective, out var paths) is { } problem)
        {
            LogFolderChanged(log.Id, problem.Code);
            return null;
        }

        var (folder, directories, skipGit) = (paths.WorkingDirectory, paths.AdditionalDirectories, effective.SkipGitRepoCheck);
        if (running.OwnFolder is { } own)
        {
            folder = own.Path;
            skipGit = own.IsRepository ? skipGit : true;
            if (own.IsRepository && effective.Sandbox == SandboxMode.WorkspaceWrite)
                directories = WithRepository(directories, folder);
        }

        return new PreparedTurn(session, new TurnSpec
        {
            TurnId = running.Id,
            Activity = running.Telemetry.Span,
            Prompt = prompt,
            Accepted = running.Accepted,
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
            Timeout = account.TurnTimeout,
        });
    }

    private PathProblem? FindProblem(ThreadLog log, TurnRequest request, ThreadOptions effective, out TurnPaths paths)
    {
        var problem = TurnPaths.Resolve(roots, request, effective, out paths);
        if (problem is not null || effective.WorkingDirectory is not null)
            return problem;
        if (workspace.IsReplaced(log.Id))
        {
            return new(
                RefusalCodes.PathNotAllowed, "The thread's own folder has become a link, so nothing runs there. Name a working directory.");
        }

        return log.Exists && records.ThreadsMove && !workspace.Exists(log.Id)
            ? new(
                RefusalCodes.WorkingDirectoryMissing,
                "The thread's own folder is not on this node: it ran on another one. "
                + "Keep the nodes' workspaces on a shared volume, or name a working directory.")
            : null;
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

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Thread {ThreadId}: its folder cannot be made, so its turn was refused. Is the disk of the data directory full (df, "
            + "and df -i), or read-only?")]
    private partial void LogNoFolder(Guid threadId, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Thread {ThreadId}: what its turn needs could not be made ready, so the turn was ended as failed.")]
    private partial void LogNotPrepared(Guid threadId, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Thread {ThreadId}: a folder or image of its turn was replaced after it was checked ({Code}); nothing was started.")]
    private partial void LogFolderChanged(Guid threadId, string code);
}
