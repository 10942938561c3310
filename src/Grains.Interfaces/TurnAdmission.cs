namespace CodexOrleans.Grains;

/// <summary>What a turn's request for a slot says.</summary>
[GenerateSerializer, Immutable, Alias("codex.TurnAdmission")]
public sealed record TurnAdmission
{
    /// <summary>The user, or null if unknown: slots are shared fairly among users when they are scarce.</summary>
    [Id(0)] public string? User { get; init; }

    /// <summary>Whether the caller understands <see cref="StartTurnResult.Elsewhere"/>.</summary>
    [Id(1)] public bool MayMove { get; init; }

    /// <summary>The slot that an earlier try was promised, or null.</summary>
    [Id(2)] public PromisedSlot? Slot { get; init; }
}

/// <summary>The silo that is to start the turn instead, and the slot that it may have reserved.</summary>
/// <param name="Silo">The silo.</param>
/// <param name="Ticket">Ticket of the reservation; without a reservation the turn waits like any other.</param>
/// <param name="Waited">How long the turn has waited for it.</param>
[GenerateSerializer, Immutable, Alias("codex.PromisedSlot")]
public sealed record PromisedSlot([property: Id(0)] SiloAddress Silo, [property: Id(1)] Guid Ticket, [property: Id(2)] TimeSpan Waited);
