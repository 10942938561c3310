namespace CodexOrleans.Storage.Log;

/// <summary>One turn's row.</summary>
public sealed record TurnRecord
{
    public required Guid Id { get; init; }

    public required Guid ThreadId { get; init; }

    public required TurnStatus Status { get; init; }

    /// <summary>The host that ran it.</summary>
    public required string Host { get; init; }

    /// <summary>Number of its first event (<c>turn.submitted</c>).</summary>
    public required long FirstSeq { get; init; }

    /// <summary>Number of its terminal event; null while it runs.</summary>
    public long? LastSeq { get; init; }

    /// <summary>Unix milliseconds, UTC.</summary>
    public required long StartedAt { get; init; }

    /// <summary>Unix milliseconds, UTC; null while it runs.</summary>
    public long? EndedAt { get; init; }

    public string? ErrorCode { get; init; }

    public string? ErrorMessage { get; init; }

    /// <summary>The turn's own tokens (not cumulative), or null.</summary>
    public TokenUsage? Usage { get; init; }
}
