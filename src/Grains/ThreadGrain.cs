using System.Text.Json;
using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Codex.Processes;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace CodexOrleans.Grains;

/// <summary>The owner of one thread.</summary>
/// <remarks>
/// Reentrant: an interrupt or an attach never waits behind a start that waits for a slot. The turn itself runs in
/// <c>ThreadGrain.Turn.cs</c>; its loop leaves the grain's scheduler.
/// </remarks>
[Reentrant]
public sealed partial class ThreadGrain(
    IThreadStore store,
    ICodexEngine engine,
    TurnSlots slots,
    TurnRecovery recovery,
    ThreadWorkspace workspace,
    ThreadHistory history,
    HostTag host,
    IOptions<CodexOptions> options,
    TimeProvider time,
    ILogger<ThreadGrain> logger) : Grain, IThreadGrain
{
    private const int MaxRecoveryAttempts = 20;

    private readonly FrontLeases _fronts = new(time, e => LogPublishFailed(logger, e));
    private Guid _threadId;
    private bool _exists;
    private long _generation;
    private long _head;
    private string? _codexThreadId;
    private ThreadOptions _options = new();
    private TokenUsage _usage = new();
    private bool _starting;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _threadId = this.GetPrimaryKey();
        var thread = await store.ReadThread(_threadId, cancellationToken);
        for (var attempt = 1; thread?.RunningTurnId is { } lostTurn; attempt++)
        {
            // Nobody here runs it, so its owner is gone or about to be fenced by this very commit: unless that owner writes in between.
            if (attempt > MaxRecoveryAttempts)
                throw new InvalidOperationException($"Thread {_threadId}: its turn {lostTurn} is still being written by another owner.");
            await recovery.End(thread, lostTurn, cancellationToken);
            thread = await store.ReadThread(_threadId, cancellationToken);
        }

        if (thread is null)
            return;
        _exists = true;
        _generation = thread.Generation;
        _head = thread.HeadSeq;
        _codexThreadId = thread.CodexThreadId;
        _options = JsonSerializer.Deserialize(thread.Options, ThreadJson.Default.ThreadOptions) ?? new();
        _usage = thread.CumulativeUsage;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_turn is not { } turn)
            return;
        turn.Slot.Stop(StopReason.HostDraining);
        await _running.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    public async ValueTask<StartTurnResult> StartTurn(TurnRequest request, string? front, CancellationToken cancellationToken)
    {
        if (_turn is not null || _starting)
            return Refuse(RefusalCodes.TurnInProgress, "The thread has a running turn. Wait for its end or interrupt it.");
        _starting = true;
        try
        {
            return _exists || request.NewThread
                ? await Start(request, front, cancellationToken)
                : Refuse(RefusalCodes.ThreadNotFound, "No such thread.");
        }
        finally
        {
            _starting = false;
            LeaveIfIdle();
        }
    }

    public ValueTask<AttachResult> Attach(string front)
    {
        Lease(front, forTurn: false);
        if (!_exists && !_starting)
            DeactivateOnIdle();
        return new(new AttachResult(_exists, Volatile.Read(ref _head), _turn?.Id, (int)FrontLeases.Length.TotalSeconds));
    }

    public ValueTask Detach(string front)
    {
        _fronts.End(front);
        LeaveIfIdle();
        return default;
    }

    public ValueTask<Guid?> Interrupt(Guid? turnId)
    {
        if (_turn is not { } turn || (turnId is not null && turnId != turn.Id))
            return new((Guid?)null);
        turn.Slot.Stop(StopReason.Interrupted);
        return new(turn.Id);
    }

    public ValueTask Recover() => default;

    private static StartTurnResult Refuse(string code, string message, int? retryAfter = null) =>
        new() { Refusal = new TurnRefusal(code, message, retryAfter) };

    private void Lease(string front, bool forTurn) => _fronts.Renew(
        front,
        forTurn,
        name => this.GetStreamProvider(ThreadStreams.Provider).GetStream<ThreadEventBatch>(ThreadStreams.ForFront(name)));

    /// <summary>Nothing runs and nobody follows: the log has everything, and memory is for those who run.</summary>
    private void LeaveIfIdle()
    {
        if (_runs == 0 && !_starting && _fronts.All.Length == 0)
            DeactivateOnIdle();
    }

    private void Publish(FrontLease[] fronts, LogChunk chunk, bool endsTurn)
    {
        if (fronts.Length == 0)
            return;
        _fronts.Publish(fronts, new ThreadEventBatch
        {
            ThreadId = _threadId,
            TurnId = chunk.TurnId,
            FirstSeq = chunk.FirstSeq,
            LastSeq = chunk.LastSeq,
            At = chunk.At,
            Kind = (EventKind)chunk.Kind,
            Lines = chunk.Lines,
            EndsTurn = endsTurn,
        });
    }
}
