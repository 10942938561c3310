namespace CodexOrleans.Grains;

/// <summary>How a turn asks for a slot.</summary>
[GenerateSerializer, Immutable, Alias("codex.TurnAdmission")]
public sealed record TurnAdmission
{
    /// <summary>Who asks, if that is known: users take turns when slots are scarce.</summary>
    [Id(0)] public string? User { get; init; }

    /// <summary>Whether the caller understands <see cref="StartTurnResult.Elsewhere"/>.</summary>
    [Id(1)] public bool MayMove { get; init; }

    /// <summary>The slot that an earlier try was promised, or null.</summary>
    [Id(2)] public PromisedSlot? Slot { get; init; }
}

/// <summary>Where a turn is to be started instead, and the slot that may be kept for it there.</summary>
/// <param name="Silo">Where.</param>
/// <param name="Ticket">Under which name; one that is not kept waits like any other.</param>
/// <param name="Waited">How long the turn has waited for it.</param>
[GenerateSerializer, Immutable, Alias("codex.PromisedSlot")]
public sealed record PromisedSlot([property: Id(0)] SiloAddress Silo, [property: Id(1)] Guid Ticket, [property: Id(2)] TimeSpan Waited);
