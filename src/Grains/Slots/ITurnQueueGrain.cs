namespace CodexOrleans.Grains.Slots;

/// <summary>
/// The cluster's one queue for turn slots: it sees what waits and what is free on every silo and says who is next. It keeps nothing: its
/// knowledge is what the silos last told, so a new activation knows all of it once each has called. Key 0.
/// </summary>
[Alias("codex.ITurnQueueGrain")]
public interface ITurnQueueGrain : IGrainWithIntegerKey
{
    /// <summary>Tells the state of a silo's slots; returns when there is something for the silo to do, and without it after some seconds.</summary>
    /// <param name="report">Whole, not a change: the last one counts.</param>
    [Alias("Exchange"), ResponseTimeout("00:00:15")]
    ValueTask<QueueAnswer> Exchange(SiloReport report);
}

/// <summary>A silo's turn slots.</summary>
/// <param name="Silo">Which silo.</param>
/// <param name="Number">Grows with each report of the silo.</param>
/// <param name="Answered">Number of the last report whose answer is in this one: what was ordered later is not.</param>
/// <param name="Installed">Whether the silo has a CLI to run turns with, which is not known to lack a login.</param>
/// <param name="Free">Slots that nobody holds; 0 when the silo can run no turn.</param>
/// <param name="Waiting">Those next in its own order, which are no more than could be served at once.</param>
/// <param name="Running">Slots taken by each user, those kept for turns to come among them.</param>
/// <param name="Held">Tickets of turns that wait elsewhere and have a slot kept for them here.</param>
/// <param name="Queueing">What <see cref="QueueAnswer.Queueing"/> last said.</param>
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
/// <param name="WaitedMs">How long it has waited, in milliseconds: the silos' clocks differ.</param>
/// <inheritdoc cref="QueuedTurn"/>
[GenerateSerializer, Immutable, Alias("codex.ReportedTurn")]
public readonly record struct ReportedTurn(
    [property: Id(0)] Guid Ticket,
    [property: Id(1)] string User,
    [property: Id(2)] long WaitedMs,
    [property: Id(3)] bool Anywhere);

/// <summary>What a silo is to do. It does it if it still can, and its next report tells.</summary>
/// <param name="Number">Number of the report that this answers.</param>
/// <param name="Queueing">Somebody elsewhere waits for a slot such as this silo's: a new turn has to wait behind them.</param>
/// <param name="Installed">Whether any silo has such a CLI.</param>
/// <param name="Orders">Turns that get a slot.</param>
[GenerateSerializer, Immutable, Alias("codex.QueueAnswer")]
public sealed record QueueAnswer(
    [property: Id(0)] long Number,
    [property: Id(1)] bool Queueing,
    [property: Id(2)] bool Installed,
    [property: Id(3)] SlotOrder[] Orders);

/// <summary>What to do for one waiting turn.</summary>
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
    /// <summary>It waits here: give it a slot.</summary>
    Start,

    /// <summary>It waits elsewhere: keep a slot for it.</summary>
    Hold,

    /// <summary>It waits here, and its slot is on another silo: send it there.</summary>
    Move,
}
