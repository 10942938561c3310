using System.Diagnostics;
using System.Text.Json;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Codex.Processes;
using CodexOrleans.Grains.Placement;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Placement;

namespace CodexOrleans.Grains;

/// <summary>The owner of one thread.</summary>
/// <remarks>
/// Reentrant: an interrupt or an attach never waits behind a start that waits for a slot. The turn itself runs in
/// <c>ThreadGrain.Turn.cs</c>; its loop leaves the grain's scheduler.
/// </remarks>
[Reentrant]
// It owns a process, which cannot move.
[ThreadPlacement, Immovable]
public sealed partial class ThreadGrain(
    IThreadStore store,
    ICodexEngine engine,
    TurnSlots slots,
    TurnRecovery recovery,
    ThreadWorkspace workspace,
    WorkspaceRoots roots,
    ThreadHistory history,
    SessionRecords records,
    ThreadHome homes,
    TurnSweep sweep,
    HostTag host,
    IOptions<CodexOptions> options,
    TurnMetrics metrics,
    TimeProvider time,
    ILogger<ThreadGrain> logger) : Grain, IThreadGrain
{
    private const int MaxRecoveryAttempts = 20;

    private OwnedThread _thread = null!;
    private bool _starting;

    // Why the log could not be read. To fail the activation would refuse calls for seconds more, with two stack traces in the log for each.
    private string? _unread;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _thread = new OwnedThread(this.GetPrimaryKey(), new FrontLeases(time, metrics, e => LogPublishFailed(logger, e)));
        try
        {
            await ReadLog(cancellationToken);
        }
        catch (StorageException e)
        {
            _unread = e.Message;
        }
    }

    private async Task ReadLog(CancellationToken cancellationToken)
    {
        var thread = await store.ReadThread(_thread.Id, cancellationToken);
        for (var attempt = 1; thread?.RunningTurnId is { } lostTurn; attempt++)
        {
            // Nobody here runs it, so its owner is gone or about to be fenced by this very commit: unless that owner writes in between.
            if (attempt > MaxRecoveryAttempts)
                throw new InvalidOperationException($"Thread {_thread.Id}: its turn {lostTurn} is still being written by another owner.");
            await recovery.End(thread, lostTurn, cancellationToken);
            thread = await store.ReadThread(_thread.Id, cancellationToken);
        }

        if (thread is null)
            return;
        _thread.Exists = true;
        _thread.Generation = thread.Generation;
        _thread.Head = thread.HeadSeq;
        _thread.CodexThreadId = thread.CodexThreadId;
        _thread.Options = JsonSerializer.Deserialize(thread.Options, ThreadJson.Default.ThreadOptions) ?? new();
        _thread.Usage = thread.CumulativeUsage;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // Where the thread runs next, it is to find all of the conversation.
        var leaving = _previousLeft;
        if (_turn is { } turn)
        {
            turn.Slot.Stop(StopReason.HostDraining);
            leaving = _running;
        }

        Task left = Task.WhenAny(leaving, slots.GivenUp);
        await left.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        _thread.Fronts.EndAll();
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
            var result = (_thread.Exists || request.NewThread) && request.Rehearsal == RehearsalThreads.Contains(_thread.Id)
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
        if (!_thread.Exists && !_starting)
            DeactivateOnIdle();
        return new(new AttachResult(_thread.Exists, _thread.Head, _turn?.Id, (int)FrontLeases.Length.TotalSeconds));
    }

    public ValueTask Detach(string front)
    {
        _thread.Fronts.End(front);
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

        turn.Slot.Stop(StopReason.Interrupted);
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
        if (!RehearsalThreads.Contains(_thread.Id) || _starting)
            return;
        _turn?.Slot.Stop(StopReason.HostDraining);
        await _running;
        workspace.Remove(_thread.Id);
        if (_thread.Exists)
            await store.Delete(_thread.Id, _thread.Generation);
        DeactivateOnIdle();
    }

    /// <exception cref="StorageUnavailableException">The log could not be read; the next call tries again.</exception>
    private void EnsureRead()
    {
        if (_unread is null)
            return;
        DeactivateOnIdle();
        throw new StorageUnavailableException(_unread);
    }

    private StartTurnResult Refuse(string code, string message, int? retryAfter = null, string? field = null)
    {
        metrics.Refused(code);
        return new() { Refusal = new TurnRefusal(code, message, retryAfter, field) };
    }

    private StartTurnResult Answer(Activity? span, StartTurnResult result)
    {
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("codex.thread.id", _thread.Id.ToString()).SetTag("codex.turn.id", result.Started?.TurnId.ToString());
            if (result.Elsewhere is { } elsewhere)
                span.SetTag("codex.turn.moved_to", elsewhere.Silo.ToString());
            if (result.Refusal is { } refusal)
                span.SetTag("error.type", refusal.Code).SetStatus(ActivityStatusCode.Error);
        }

        return result;
    }

    private void Lease(string front, bool forTurn) => _thread.Fronts.Renew(
        front,
        forTurn,
        name => this.GetStreamProvider(ThreadStreams.Provider).GetStream<ThreadEventBatch>(ThreadStreams.ForFront(name)));

    /// <summary>Nothing runs and nobody follows: the log has everything, and memory is for those who run.</summary>
    private void LeaveIfIdle()
    {
        if (_runs == 0 && !_starting && _thread.Fronts.All.Length == 0)
            DeactivateOnIdle();
    }
}
