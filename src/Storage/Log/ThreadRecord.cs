namespace CodexOrleans.Storage.Log;

/// <summary>One thread's row.</summary>
public sealed record ThreadRecord
{
    public required Guid Id { get; init; }

    /// <summary>Fencing generation: rises each time an owner claims the thread.</summary>
    public required long Generation { get; init; }

    /// <summary>Number of the last event.</summary>
    public required long HeadSeq { get; init; }

    /// <summary>The CLI's own id of the session, or null when it never told one.</summary>
    public string? CodexThreadId { get; init; }

    /// <summary>The thread's options, JSON, opaque here.</summary>
    public required string Options { get; init; }

    /// <summary>The CLI's cumulative token figure after the last ended turn.</summary>
    public TokenUsage CumulativeUsage { get; init; } = new();

    /// <summary>The turn without an end, or null.</summary>
    public Guid? RunningTurnId { get; init; }

    /// <summary>Unix milliseconds, UTC.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>Time of the last turn's start or end, Unix milliseconds, UTC.</summary>
    public required long UpdatedAt { get; init; }
}
