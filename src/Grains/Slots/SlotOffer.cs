namespace CodexOrleans.Grains.Slots;

/// <summary>A wish for a slot.</summary>
/// <param name="User">Whose turn it is.</param>
/// <param name="Anywhere">Whether the turn may run on another silo.</param>
/// <param name="Ticket">The name of a turn that has waited on another silo before, else null.</param>
/// <param name="Waited">How long it has waited there.</param>
internal readonly record struct SlotRequest(string User, bool Anywhere = false, Guid? Ticket = null, TimeSpan Waited = default);

/// <summary>What became of the wish.</summary>
/// <param name="Slot">The slot, to be disposed when the turn's processes are gone.</param>
/// <param name="Elsewhere">Or the silo that keeps a slot for it.</param>
/// <param name="Ticket">With <paramref name="Elsewhere"/>: the name under which it is kept.</param>
/// <param name="Waited">With <paramref name="Elsewhere"/>: how long the turn has waited so far.</param>
/// <param name="NotReady">Or that no silo has a CLI that can run turns.
/// If there is nothing at all, no slot became free in time or the host is closing.</param>
internal readonly record struct SlotOffer(
    TurnSlot? Slot, SiloAddress? Elsewhere = null, Guid Ticket = default, TimeSpan Waited = default, bool NotReady = false);
