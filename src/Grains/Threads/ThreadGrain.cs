using System.Diagnostics;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Grains.Placement;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Storage;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace CodexOrleans.Grains.Threads;

/// <summary>One thread: the calls to it, and how long it stays in memory.</summary>
/// <remarks>
/// Reentrant: an interrupt or an attach never waits behind a start that waits for a slot. How a turn begins and ends is in
/// <c>ThreadGrain.Turn.cs</c>; while it runs, its loop has left the grain's scheduler.
/// </remarks>
[Reentrant]
// It has a process, which cannot move.
[ThreadPlacement, Immovable]
public sealed partial class ThreadGrain(
    ThreadLogs logs,
    TurnSlots slots,
    TurnPreparation preparation,
    TurnRecovery recovery,
    TurnSweep sweep,
    TurnMetrics metrics,
    TimeProvider time,
    ILogger<ThreadGrain> logger) : Grain, IThreadGrain
{
    private const int MaxRecoveryAttempts = 20;

    private ThreadLog _log = null!;
    private ICodexSession? _session;
    private bool _starting;

    // Why the log could not be read. To fail the activation would refuse calls for seconds more, with two stack traces in the log for each.
    private string? _unread;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _log = logs.Open(this.GetPrimaryKey());
        try
        {
            await ReadLog(cancellationToken);
        }
        catch (StorageException e)
        {
            _unread = e.Message;
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Where the thread runs next, it is to find all of the conversation.
        var leaving = _previousLeft;
        if (_turn is { } turn)
        {
            turn.Stop(StopReason.HostDraining);
            leaving = _running;
        }

        Task left = Task.WhenAny(leaving, slots.Abandoned);
        const ConfigureAwaitOptions WhateverHappens =
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;
        await left.WaitAsync(cancellationToken).ConfigureAwait(WhateverHappens);
        if (_session is not null && leaving.IsCompleted)
            await _session.Release();
        _log.Fronts.EndAll();
    }

    public async ValueTask<StartTurnResult> StartTurn(TurnRequest request, string? front, CancellationToken cancellationToken)
    {
        using var span = Tracing.Source.StartActivity("codex.turn.start");
        if (_turn is not null || _starting)
            return Answer(span, Refuse(RefusalCodes.TurnInProgress, "The thread has a running turn. Wait for its end or interrupt it."));
        EnsureRead();
        _starting = true;
        try
        {
            var result = (_log.Exists || request.NewThread) && request.Rehearsal == RehearsalThreads.Contains(_log.Id)
                ? await Start(request, front, cancellationToken)
                : Refuse(RefusalCodes.ThreadNotFound, "No such thread.");
            return Answer(span, result);
        }
        finally
        {
            _starting = false;
            LeaveIfIdle();
        }
    }

    public ValueTask<AttachResult> Attach(string front)
    {
        EnsureRead();
        Lease(front, forTurn: false);
        if (!_log.Exists && !_starting)
            DeactivateOnIdle();
        return new(new AttachResult(_log.Exists, _log.Head, _turn?.Id, (int)FrontLeases.Length.TotalSeconds));
    }

    public ValueTask Detach(string front)
    {
        _log.Fronts.End(front);
        LeaveIfIdle();
        return default;
    }

    public ValueTask<Guid?> Interrupt(Guid? turnId)
    {
        EnsureRead();
        if (_turn is not { } turn || (turnId is not null && turnId != turn.Id))
        {
            // Anybody may ask for any id, and the answer is all that is to be left of it.
            LeaveIfIdle();
            return new((Guid?)null);
        }

        turn.Stop(StopReason.Interrupted);
        return new(turn.Id);
    }

    public ValueTask Recover()
    {
        EnsureRead();
        LeaveIfIdle();
        return default;
    }

    public async ValueTask ForgetRehearsal()
    {
        EnsureRead();
        if (!RehearsalThreads.Contains(_log.Id) || _starting)
            return;
        _turn?.Stop(StopReason.HostDraining);
        await _running;
        preparation.RemoveFolder(_log);
        if (_log.Exists)
            await logs.Delete(_log);
        DeactivateOnIdle();
    }

    private async Task ReadLog(CancellationToken cancellationToken)
    {
        for (var attempt = 1; await _log.Read(cancellationToken) is { } lostTurn; attempt++)
        {
            // Nobody here runs it, so its host is gone or about to be fenced by this very commit: unless that host writes in between.
            if (attempt > MaxRecoveryAttempts)
                throw new InvalidOperationException($"Thread {_log.Id}: its turn {lostTurn} is still being written by another activation.");
            await recovery.End(_log, lostTurn, cancellationToken);
        }
    }

    /// <exception cref="StorageUnavailableException">The log could not be read; the next call tries again.</exception>
    private void EnsureRead()
    {
        if (_unread is null)
            return;
        DeactivateOnIdle();
        throw new StorageUnavailableException(_unread);
    }

    private StartTurnResult Refuse(string code, string message, int? retryAfter = null, string? field = null) =>
        Refuse(new TurnRefusal(code, message, retryAfter, field));

    private StartTurnResult Refuse(TurnRefusal refusal)
    {
        metrics.Refused(refusal.Code);
        return new() { Refusal = refusal };
    }

    private StartTurnResult Answer(Activity? span, StartTurnResult result)
    {
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("codex.thread.id", _log.Id.ToString()).SetTag("codex.turn.id", result.Started?.TurnId.ToString());
            if (result.Elsewhere is { } elsewhere)
                span.SetTag("codex.turn.moved_to", elsewhere.Silo.ToString());
            if (result.Refusal is { } refusal)
                span.SetTag("error.type", refusal.Code).SetStatus(ActivityStatusCode.Error);
        }

        return result;
    }

    private void Lease(string front, bool forTurn) => _log.Fronts.Renew(
        front,
        forTurn,
        name => this.GetStreamProvider(ThreadStreams.Provider).GetStream<ThreadEventBatch>(ThreadStreams.ForFront(name)));

    /// <summary>Nothing runs and nobody follows: the log has everything, and memory is for those who run.</summary>
    private void LeaveIfIdle()
    {
        if (_runs == 0 && !_starting && _log.Fronts.All.Length == 0)
            DeactivateOnIdle();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Thread {ThreadId}: another activation has claimed it; its process here is ended.")]
    private static partial void LogFenced(ILogger logger, Guid threadId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: the turn was given up; the next activation ends it.")]
    private static partial void LogTurnBroken(ILogger logger, Guid threadId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: a turn could not be stored and was not started. {Reason}")]
    private static partial void LogStartNotStored(ILogger logger, Guid threadId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: what was begun for a refused turn could not be taken back.")]
    private static partial void LogNotTakenBack(ILogger logger, Guid threadId, Exception exception);
}
