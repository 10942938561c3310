using System.Text.Json;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Storage;

namespace CodexOrleans.Grains;

/// <summary>The life of a turn: slot, submit, run, commit, publish, end.</summary>
public sealed partial class ThreadGrain
{
    /// <summary>Pause between two tries to write while the log cannot be written.</summary>
    private static readonly TimeSpan _storageRetry = TimeSpan.FromSeconds(2);

    /// <summary>How long a running turn outlives a log that cannot be written. Its events wait meanwhile; the CLI is not read.</summary>
    private static readonly TimeSpan _storageGiveUp = TimeSpan.FromSeconds(60);

    // Written by the grain when a turn starts and by the turn's loop when it ends: whoever sees null sees all that the turn has left.
    private volatile RunningTurn? _turn;
    private Task _running = Task.CompletedTask;

    // Turns whose processes are not known to be gone: the running one, and those before it.
    private int _runs;
    private Task _previousGone = Task.CompletedTask;

    private async Task<StartTurnResult> Start(TurnRequest request, string? front, CancellationToken cancellationToken)
    {
        var effective = request.Options.Over(_options);
        effective = effective with { Sandbox = effective.Sandbox ?? SandboxMode.WorkspaceWrite };
        if (effective.WorkingDirectory is { } folder && !Directory.Exists(folder))
            return Refuse(RefusalCodes.WorkingDirectoryMissing, "The thread's working directory does not exist on this server. Create it, or name another one.");
        if (!engine.IsInstalled)
            return Refuse(RefusalCodes.CodexNotInstalled, "The Codex CLI is not installed on this server. Install it with: npm i -g @openai/codex");

        var slot = await slots.Acquire(cancellationToken);
        if (slot is null)
        {
            return slots.Closed
                ? Refuse(RefusalCodes.HostDraining, "The server is shutting down. Try again in a moment.", retryAfter: 5)
                : Refuse(RefusalCodes.ServerBusy, $"All {slots.Limit} turn slots are taken. Try again later.", retryAfter: 10);
        }

        var submitted = false;
        try
        {
            var turnId = Guid.CreateVersion7(time.GetUtcNow());
            var chunk = new LogChunk
            {
                FirstSeq = _head + 1,
                LastSeq = _head + 1,
                TurnId = turnId,
                At = Now(),
                Kind = (byte)EventKind.Server,
                Lines = ServerLines.TurnSubmitted(turnId, request, effective),
            };
            var result = await store.Commit(new ThreadCommit
            {
                ThreadId = _threadId,
                Generation = _generation + 1,
                Claim = true,
                ExpectedHead = _head,
                Chunks = [chunk],
                TurnStart = new TurnStart(turnId, host.Value, chunk.At),
                Options = JsonSerializer.Serialize(effective, ThreadJson.Default.ThreadOptions),
            });
            if (result == CommitResult.Fenced)
            {
                // Another activation owns the thread; a fresh one reads its state.
                DeactivateOnIdle();
                return Refuse(RefusalCodes.TurnInProgress, "The thread has just been taken over by another owner. Try again.", retryAfter: 1);
            }

            submitted = true;
            _exists = true;
            _generation++;
            _head = chunk.LastSeq;
            _options = effective;
            if (front is not null)
                Lease(front, forTurn: true);
            Publish(_fronts.All, chunk, endsTurn: false);
            _turn = new RunningTurn(turnId, chunk.FirstSeq, slot);
            DelayDeactivation(TimeSpan.MaxValue);
            _runs++;
            _running = Run(_turn, request, effective);
            return new StartTurnResult { Started = new StartedTurn(turnId, chunk.FirstSeq) };
        }
        catch (StorageException e)
        {
            LogStartNotStored(e);
            return Refuse(RefusalCodes.StorageUnavailable, "The server cannot write its log now. Nothing was started; try again later.", retryAfter: 10);
        }
        finally
        {
            if (!submitted)
                slot.Dispose();
        }
    }

    private async Task Run(RunningTurn running, TurnRequest request, ThreadOptions effective)
    {
        ICodexTurn? turn = null;
        try
        {
            // One session has one writer: the CLI of the turn before must have let go of it.
            await _previousGone;
            turn = engine.Start(await Prepare(running, request, effective));
            running.Slot.Run(turn);
            if (await Pump(turn, running.Id) == CommitResult.Fenced)
            {
                LogFenced();
                turn.Stop(StopReason.Fenced);
                DeactivateOnIdle();
            }
        }
        catch (Exception e)
        {
            // A broken invariant. The turn stays open in the log; the next activation ends it.
            LogTurnBroken(e);
            turn?.Stop(StopReason.Fenced);
            DeactivateOnIdle();
        }

        if (ReferenceEquals(_turn, running))
            _turn = null;
        if (turn is not null)
        {
            await turn.Gone;
            await turn.DisposeAsync();
        }

        running.Slot.Dispose();
        if (--_runs > 0)
            return;
        DelayDeactivation(TimeSpan.FromMilliseconds(-1));
        LeaveIfIdle();
    }

    /// <summary>
    /// Commits and publishes what the engine reads, until the turn's end. Leaves the grain's scheduler at its first wait: each event
    /// would otherwise change threads twice more. While it runs nothing else changes the head, the session or the usage.
    /// </summary>
    private async Task<CommitResult> Pump(ICodexTurn turn, Guid turnId)
    {
        while (await turn.Read().ConfigureAwait(false) is { } block)
        {
            var chunk = new LogChunk
            {
                FirstSeq = _head + 1,
                LastSeq = _head + block.Count,
                TurnId = turnId,
                At = Now(),
                Kind = (byte)EventKind.Codex,
                Lines = block.Lines,
            };
            if (await Append(turn, chunk, block).ConfigureAwait(false) == CommitResult.Fenced)
                return CommitResult.Fenced;

            Volatile.Write(ref _head, chunk.LastSeq);
            _codexThreadId = block.CodexThreadId ?? _codexThreadId;
            var fronts = _fronts.All;
            if (block.Outcome is { } outcome)
            {
                fronts = _fronts.EndTurn();
                _usage = outcome.CumulativeUsage ?? _usage;
                _previousGone = turn.Gone;
                // Before the publication: a caller that has seen the end may start the next turn.
                _turn = null;
            }

            Publish(fronts, chunk, endsTurn: block.Outcome is not null);
        }

        return CommitResult.Committed;
    }

    /// <summary>What the engine needs, with the folder to work in and the session to continue made sure of.</summary>
    private async ValueTask<CodexTurnStart> Prepare(RunningTurn running, TurnRequest request, ThreadOptions effective)
    {
        // A CLI that died early leaves no session behind, and a session's file can be lost: then a new one is told what was said.
        var resumed = _codexThreadId is { } session && engine.CanResume(session) ? session : null;
        var prompt = resumed is null && running.FirstSeq > 1
            ? await history.Prepend(_threadId, running.FirstSeq, request.Prompt)
            : request.Prompt;

        if (effective.WorkingDirectory is null)
        {
            var (folder, isRepository) = await workspace.Ensure(_threadId);
            effective = effective with
            {
                WorkingDirectory = folder,
                SkipGitRepoCheck = isRepository ? effective.SkipGitRepoCheck : true,
            };
        }

        return new CodexTurnStart
        {
            ThreadId = _threadId,
            TurnId = running.Id,
            Prompt = prompt,
            Options = effective,
            OutputSchema = request.OutputSchema,
            Images = request.Images ?? [],
            ResumeCodexThreadId = resumed,
            UsageBefore = resumed is null ? new TokenUsage() : _usage,
            Timeout = options.Value.TurnTimeout,
        };
    }

    /// <summary>
    /// Commits a block, for as long as it takes: what the CLI said is not dropped because a disk is full. The turn itself is stopped
    /// when that lasts; its end is written when the log can be written again, or by the next owner.
    /// </summary>
    private async Task<CommitResult> Append(ICodexTurn turn, LogChunk chunk, EventBlock block)
    {
        var commit = new ThreadCommit
        {
            ThreadId = _threadId,
            Generation = _generation,
            ExpectedHead = _head,
            Chunks = [chunk],
            CodexThreadId = block.CodexThreadId,
            CumulativeUsage = block.Outcome?.CumulativeUsage,
            TurnEnd = block.Outcome is { } end ? new TurnEnd(chunk.TurnId, end.Status, end.ErrorCode, end.ErrorMessage, end.Usage, chunk.At) : null,
        };
        var failingSince = 0L;
        while (true)
        {
            try
            {
                return await store.Commit(commit).ConfigureAwait(false);
            }
            catch (StorageException e) when (e.Fault != StorageFault.Closed)
            {
                if (failingSince == 0)
                {
                    failingSince = time.GetTimestamp();
                    LogAppendWaits(e);
                }
                else if (time.GetElapsedTime(failingSince) > _storageGiveUp)
                {
                    turn.Stop(StopReason.StorageUnavailable);
                }

                await Task.Delay(_storageRetry, time).ConfigureAwait(false);
            }
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private sealed record RunningTurn(Guid Id, long FirstSeq, TurnSlot Slot);
}
