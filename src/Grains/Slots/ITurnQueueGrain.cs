namespace CodexOrleans.Grains.Slots;

/// <summary>
/// The cluster's one queue for turn slots: it knows the waiting turns and free slots of every silo and decides which turn is next. It
/// stores nothing: its state is the silos' last reports, so a new activation is complete once each silo has called. Key 0.
/// </summary>
[Alias("codex.ITurnQueueGrain")]
public interface ITurnQueueGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Reports the state of a silo's slots. Returns when the silo has something to do, or after some seconds without orders.
    /// </summary>
    /// <param name="report">The whole state, not a change of it; the last report counts.</param>
    [Alias("Exchange"), ResponseTimeout("00:00:15")]
    ValueTask<QueueAnswer> Exchange(SiloReport report);
}

/// <summary>A silo's turn slots.</summary>
/// <param name="Silo">Which silo.</param>
/// <param name="Number">Grows with each report of the silo.</param>
/// <param name="Answered">Number of the last report whose answer this report takes into account; later orders are not in it.</param>
/// <param name="Installed">Whether the silo has a CLI to run turns with, which is not known to lack a login.</param>
/// <param name="Free">Slots that nobody holds; 0 when the silo can run no turn.</param>
/// <param name="Waiting">The first waiting turns in the silo's own order; further ones could not get a slot before the next report.</param>
/// <param name="Running">Slots that each user has, with those reserved for turns on their way here.</param>
/// <param name="Held">Tickets of turns that wait on another silo and have a slot reserved on this one.</param>
/// <param name="Queueing">The last <see cref="QueueAnswer.Queueing"/> that the silo got.</param>
[GenerateSerializer, Immutable, Alias("codex.SiloReport")]
public sealed record SiloReport(
    [property: Id(0)] SiloAddress Silo,
    [property: Id(1)] long Number,
    [property: Id(2)] long Answered,
    [property: Id(3)] bool Installed,
    [property: Id(4)] int Free,
    [property: Id(5)] ReportedTurn[] Waiting,
    [property: Id(6)] Dictionary<string, int> Running,
    [property: Id(7)] Guid[] Held,
    [property: Id(8)] bool Queueing);

/// <summary>A turn that waits for a slot.</summary>
/// <param name="WaitedMs">How long it has waited, in milliseconds; not since when, because the silos' clocks differ.</param>
/// <inheritdoc cref="QueuedTurn"/>
[GenerateSerializer, Immutable, Alias("codex.ReportedTurn")]
public readonly record struct ReportedTurn(
    [property: Id(0)] Guid Ticket,
    [property: Id(1)] string User,
    [property: Id(2)] long WaitedMs,
    [property: Id(3)] bool Anywhere);

/// <summary>Orders for a silo. It carries them out if it still can; its next report shows which.</summary>
/// <param name="Number">Number of the report that this answers.</param>
/// <param name="Queueing">Whether turns of other silos wait for a slot of this one: a new turn then waits behind them.</param>
/// <param name="Installed">Whether any silo has a CLI that can run turns.</param>
/// <param name="Orders">Turns that get a slot.</param>
[GenerateSerializer, Immutable, Alias("codex.QueueAnswer")]
public sealed record QueueAnswer(
    [property: Id(0)] long Number,
    [property: Id(1)] bool Queueing,
    [property: Id(2)] bool Installed,
    [property: Id(3)] SlotOrder[] Orders);

/// <summary>An order for one waiting turn.</summary>
/// <param name="Ticket">The turn.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Kind">What to do.</param>
/// <param name="Silo">With <see cref="SlotOrderKind.Move"/>: where its slot is.</param>
[GenerateSerializer, Immutable, Alias("codex.SlotOrder")]
public sealed record SlotOrder(
    [property: Id(0)] Guid Ticket,
    [property: Id(1)] string User,
    [property: Id(2)] SlotOrderKind Kind,
    [property: Id(3)] SiloAddress? Silo = null);

[GenerateSerializer, Alias("codex.SlotOrderKind")]
public enum SlotOrderKind
{
    /// <summary>The turn waits on this silo: give it a slot.</summary>
    Start,

    /// <summary>The turn waits on another silo: reserve a slot for it.</summary>
    Hold,

    /// <summary>The turn waits on this silo and has a slot on another one: send it there.</summary>
    Move,
}
