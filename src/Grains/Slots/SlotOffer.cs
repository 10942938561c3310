namespace CodexOrleans.Grains.Slots;

/// <summary>A request for a slot.</summary>
/// <param name="User">The user who asked for the turn.</param>
/// <param name="Anywhere">Whether the turn may run on another silo.</param>
/// <param name="Ticket">The ticket of a turn that has waited on another silo before, else null.</param>
/// <param name="Waited">How long it has waited there.</param>
internal readonly record struct SlotRequest(string User, bool Anywhere = false, Guid? Ticket = null, TimeSpan Waited = default);

/// <summary>
/// Answer to a <see cref="SlotRequest"/>. An empty one means that no slot became free in time, or that the host is closing.
/// </summary>
/// <param name="Slot">The slot, to be disposed when the turn's processes are gone.</param>
/// <param name="Elsewhere">Or the silo that has reserved a slot for the turn.</param>
/// <param name="Ticket">With <paramref name="Elsewhere"/>: the ticket of the reservation.</param>
/// <param name="Waited">With <paramref name="Elsewhere"/>: how long the turn has waited so far.</param>
/// <param name="NotReady">Or true when no silo has a CLI that can run turns.</param>
internal readonly record struct SlotOffer(
    TurnSlot? Slot, SiloAddress? Elsewhere = null, Guid Ticket = default, TimeSpan Waited = default, bool NotReady = false);
