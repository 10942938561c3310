using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Events;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Threads;

/// <summary>How a turn begins and ends: check, slot, commit, run, leave.</summary>
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
        var effective = request.Options.Over(_log.Options);
        effective = effective with { Sandbox = effective.Sandbox ?? SandboxMode.WorkspaceWrite };
        // A rehearsal is for the process that asks for it.
        var anywhere = request.Admission.MayMove && !request.Rehearsal && preparation.CanRunAnywhere(_log);
        if (await Check(request, effective, anywhere) is { } refusal)
            return refusal;

        var asked = time.GetTimestamp();
        var admission = request.Admission;
        var waited = admission.Slot?.Waited ?? default;
        var offer = await slots.Acquire(new SlotRequest(admission.User ?? "", anywhere, admission.Slot?.Ticket, waited), cancellationToken);
        if (offer.Elsewhere is { } silo)
            return MoveTo(silo, offer.Ticket, offer.Waited);
        if (!request.Rehearsal)
            metrics.Queued(time.GetElapsedTime(asked) + waited);
        return offer.Slot is { } slot ? await Begin(slot, request, effective, front) : WithoutSlot(offer);
    }

    /// <summary>Refuses what cannot run here, before it waits for a slot.</summary>
    private async ValueTask<StartTurnResult?> Check(TurnRequest request, ThreadOptions effective, bool anywhere)
    {
        if (preparation.FindProblem(_log, request, effective) is { } problem)
        {
            // A thread stays where its turn was ended for a lost node, as long as it is watched; that node may be back.
            return problem.IsMissing && request.Admission.MayMove && await preparation.FindElsewhere(_log) is { } home
                ? MoveTo(home, Guid.NewGuid(), request.Admission.Slot?.Waited ?? default)
                : Refuse(problem.Code, problem.Message, field: problem.Field);
        }

        return !anywhere && !request.Rehearsal && preparation.NotReady() is { } reason ? Refuse(reason.Code, reason.Message) : null;
    }

    private StartTurnResult MoveTo(SiloAddress silo, Guid ticket, TimeSpan waited)
    {
        DeactivateOnIdle();
        return new StartTurnResult { Elsewhere = new PromisedSlot(silo, ticket, waited) };
    }

    private StartTurnResult WithoutSlot(SlotOffer offer)
    {
        if (offer.NotReady && preparation.NotReady() is { } reason)
            return Refuse(reason.Code, reason.Message);
        return slots.Closed
            ? Refuse(RefusalCodes.HostDraining, "The server is shutting down. Try again in a moment.", retryAfter: 5)
            : Refuse(RefusalCodes.ServerBusy, "All turn slots are taken. Try again later.", retryAfter: 10);
    }

    /// <summary>Commits the turn's begin and runs it; takes back what was begun if that cannot be.</summary>
    private async Task<StartTurnResult> Begin(TurnSlot slot, TurnRequest request, ThreadOptions effective, string? front)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var telemetry = TurnTelemetry.Begin(metrics, _log.Id, id, effective, request.Rehearsal, time);
        var running = new RunningTurn(id, _log.Head + 1, slot, telemetry);
        Task<(ICodexTurn, ICodexSession?)>? launch = null;
        string? refused = "not_stored";
        try
        {
            if (await preparation.EnsureFolder(_log, running, request, effective) is { } refusal)
            {
                refused = refusal.Code;
                return Refuse(refusal);
            }

            // A new thread has no session that somebody else might still write: its CLI starts while the log is being written, and gets the
            // prompt when the turn is on disk.
            if (!_log.Exists)
                launch = preparation.Launch(_log, running, request, effective, _session, _previousLeft);
            var submitted = ServerLines.TurnSubmitted(id, request.Prompt, effective, request.OutputSchema, request.Images);
            var commit = _log.Begin(id, submitted, effective, telemetry.Span);
            if (await _log.Commit(commit) == CommitResult.Fenced)
            {
                // Another activation has the thread; a fresh one reads its state.
                metrics.Fenced();
                DeactivateOnIdle();
                return Refuse(
                    RefusalCodes.TurnInProgress, "The thread has just been taken over by another server. Try again.", retryAfter: 1);
            }

            refused = null;
            telemetry.Accepted();
            if (front is not null)
                Lease(front, forTurn: true);
            _log.Publish(_log.Fronts.All, commit);
            _turn = running;
            DelayDeactivation(TimeSpan.MaxValue);
            _runs++;
            running.Accept();
            _running = Run(running, launch ?? preparation.Launch(_log, running, request, effective, _session, _previousLeft));
            return new StartTurnResult { Started = new StartedTurn(id, running.FirstSeq) };
        }
        catch (StorageException e)
        {
            // The database may have taken it all the same, and only its answer was lost: then somebody has to end that turn.
            LogStartNotStored(logger, _log.Id, e.Message);
            DeactivateOnIdle();
            sweep.End(_log.Id, id);
            return Refuse(
                RefusalCodes.StorageUnavailable,
                "The server cannot write its log now, and nothing runs. Try again later.",
                retryAfter: 10);
        }
        finally
        {
            if (refused is not null)
                await Abandon(running, launch, refused);
        }
    }

    /// <summary>Takes back what was begun for a turn that is not on disk.</summary>
    private async Task Abandon(RunningTurn running, Task<(ICodexTurn Turn, ICodexSession?)>? launch, string refused)
    {
        running.Telemetry.Refused(refused);
        try
        {
            if (launch is null)
                return;
            var (turn, _) = await launch;
            turn.Stop(StopReason.Fenced);
            await turn.Settled;
            await turn.DisposeAsync();
            preparation.RemoveFolder(_log);
        }
        catch (Exception e)
        {
            // The caller is told why the turn was refused; this is for the operator.
            LogNotTakenBack(logger, _log.Id, e);
        }
        finally
        {
            running.Leave();
        }
    }

    private async Task Run(RunningTurn running, Task<(ICodexTurn, ICodexSession?)> launch)
    {
        ICodexTurn? turn = null;
        try
        {
            (turn, _session) = await launch;
            var pump = new TurnPump(_log, running.Telemetry, time, logger);
            if (await pump.Run(turn, running.Id, End) == CommitResult.Fenced)
            {
                // Whoever has the thread now has ended the turn, or is about to. If it was nobody, this does.
                metrics.Fenced();
                LogFenced(logger, _log.Id);
                GiveUp(running, turn);
            }
        }
        catch (Exception e)
        {
            // The log is closed, or an invariant is broken. The turn is open in the log; a new activation ends it.
            LogTurnBroken(logger, _log.Id, e);
            running.Telemetry.Lost("broken");
            GiveUp(running, turn);
        }

        running.Telemetry.Lost("fenced");
        if (ReferenceEquals(_turn, running))
            _turn = null;
        if (turn is not null)
        {
            await (running.Left ?? preparation.Settle(_log, running, turn));
            await turn.DisposeAsync();
        }

        running.Leave();
        if (--_runs > 0)
            return;
        DelayDeactivation(TimeSpan.FromMilliseconds(-1));
        LeaveIfIdle();

        // Called by the pump before it publishes the terminal event: whoever has seen that may start the next turn.
        void End(ICodexTurn ended)
        {
            _previousLeft = running.Left = preparation.Settle(_log, running, ended);
            _turn = null;
        }
    }

    private void GiveUp(RunningTurn running, ICodexTurn? turn)
    {
        turn?.Stop(StopReason.Fenced);
        DeactivateOnIdle();
        sweep.End(_log.Id, running.Id);
    }
}
