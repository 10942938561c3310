namespace CodexOrleans.Grains;

/// <summary>
/// One Codex thread: it runs the CLI process of the running turn, numbers and logs every event, and publishes committed events to the front
/// ends that follow it. The key is the server's thread id (a UUIDv7); the CLI's own id is stored beside it.
/// </summary>
[Alias("codex.IThreadGrain")]
public interface IThreadGrain : IGrainWithGuidKey
{
    /// <summary>
    /// Accepts a turn: waits for a free turn slot, commits <c>turn.submitted</c>, starts the engine and returns at once.
    /// Refusals are data, not exceptions; nothing is written when a turn is refused.
    /// </summary>
    /// <param name="request">The turn, already validated except for its paths, which only the machine that runs the turn can check.</param>
    /// <param name="front">
    /// The front end that wants the turn's events from the first one to the last, or null. It is attached until the turn's end, which
    /// saves two calls; for longer if it attaches by itself.
    /// </param>
    /// <param name="cancellationToken">
    /// Gives up waiting for a slot. Once the turn is accepted it has no effect: a disconnect never cancels.
    /// </param>
    [Alias("StartTurn"), ResponseTimeout("01:05:00")] // longer than the longest Codex:MaxQueueWait
    ValueTask<StartTurnResult> StartTurn(TurnRequest request, string? front, CancellationToken cancellationToken);

    /// <summary>
    /// Makes this thread publish to <paramref name="front"/>'s stream for <see cref="AttachResult.LeaseSeconds"/>, or renews that lease.
    /// The result has the head of the log as the activation knows it, so a front end can check that it has missed no event.
    /// </summary>
    [Alias("Attach")]
    ValueTask<AttachResult> Attach(string front);

    /// <summary>Ends the lease of <paramref name="front"/>. Unknown fronts are ignored.</summary>
    [Alias("Detach")]
    ValueTask Detach(string front);

    /// <summary>
    /// Asks the running turn to stop. Returns at once; the terminal event follows on the stream, after open items are closed.
    /// </summary>
    /// <param name="turnId">Only if this turn is the running one; null for whichever runs.</param>
    /// <returns>The turn that is being stopped, or null when none (or another one) was running.</returns>
    [Alias("Interrupt")]
    ValueTask<Guid?> Interrupt(Guid? turnId);

    /// <summary>Activates the thread so that a running turn of a dead host gets its terminal event. Idempotent.</summary>
    [Alias("Recover")]
    ValueTask Recover();

    /// <summary>
    /// Ends the turn of one of the <see cref="RehearsalThreads"/> and deletes the thread with its files. Does nothing to any other thread.
    /// </summary>
    [Alias("ForgetRehearsal")]
    ValueTask ForgetRehearsal();
}

/// <summary>Outcome of <see cref="IThreadGrain.StartTurn"/>: exactly one of them is set.</summary>
[GenerateSerializer, Immutable, Alias("codex.StartTurnResult")]
public sealed record StartTurnResult
{
    [Id(0)] public StartedTurn? Started { get; init; }
    [Id(1)] public TurnRefusal? Refusal { get; init; }

    /// <summary>
    /// Nothing was started, because a slot is free on another silo. The same request with this in <see cref="TurnAdmission.Slot"/>, and its
    /// silo as placement hint, starts the turn there.
    /// </summary>
    [Id(2)] public PromisedSlot? Elsewhere { get; init; }
}

/// <summary>An accepted turn: <c>turn.submitted</c> is on disk with number <paramref name="FirstSeq"/>.</summary>
[GenerateSerializer, Immutable, Alias("codex.StartedTurn")]
public sealed record StartedTurn([property: Id(0)] Guid TurnId, [property: Id(1)] long FirstSeq);

/// <summary>Why a turn was not accepted.</summary>
/// <param name="Code">Stable, see <see cref="RefusalCodes"/>.</param>
/// <param name="Message">For the caller: what failed and what to do next. Holds no path, prompt or exception text.</param>
/// <param name="RetryAfterSeconds">When trying again makes sense, else null.</param>
/// <param name="Field">The field of the request that is at fault, as its JSON names it, or null.</param>
[GenerateSerializer, Immutable, Alias("codex.TurnRefusal")]
public sealed record TurnRefusal(
    [property: Id(0)] string Code,
    [property: Id(1)] string Message,
    [property: Id(2)] int? RetryAfterSeconds = null,
    [property: Id(3)] string? Field = null);

/// <summary>The log's head and running turn as the thread's activation knows them.</summary>
/// <param name="Exists">False when the thread has never had a turn.</param>
/// <param name="HeadSeq">Number of the last committed event; 0 when there is none.</param>
/// <param name="RunningTurnId">The turn in progress, or null.</param>
/// <param name="LeaseSeconds">How long the attachment lasts without renewal.</param>
[GenerateSerializer, Immutable, Alias("codex.AttachResult")]
public sealed record AttachResult(
    [property: Id(0)] bool Exists,
    [property: Id(1)] long HeadSeq,
    [property: Id(2)] Guid? RunningTurnId,
    [property: Id(3)] int LeaseSeconds);
