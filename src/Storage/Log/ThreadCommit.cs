using System.Diagnostics;

namespace CodexOrleans.Storage.Log;

/// <summary>
/// What one owner changes of one thread in one transaction: events, and the rows that follow from them.
/// </summary>
public sealed partial class ThreadCommit
{
    public required Guid ThreadId { get; init; }

    /// <summary>The owner's fencing generation.</summary>
    public required long Generation { get; init; }

    /// <summary>
    /// True to take ownership: succeeds only if the stored generation is exactly <see cref="Generation"/> - 1 (a thread without a row
    /// counts as generation 0 and is created). False: succeeds only if the stored generation equals <see cref="Generation"/>.
    /// </summary>
    public bool Claim { get; init; }

    /// <summary>The head the owner believes in: number of the last committed event, 0 for a new thread. A mismatch is a fence.</summary>
    public required long ExpectedHead { get; init; }

    /// <summary>
    /// Events to append; the first begins at <see cref="ExpectedHead"/> + 1 and each follows the one before. May be empty.
    /// </summary>
    public IReadOnlyList<LogChunk> Chunks { get; init; } = [];

    /// <summary>A turn that begins with this commit, which also holds its first event. A thread has one running turn at most.</summary>
    public TurnStart? TurnStart { get; init; }

    /// <summary>
    /// A turn that ends with this commit, which also holds its terminal event. Refused as fenced if that turn has an end already.
    /// </summary>
    public TurnEnd? TurnEnd { get; init; }

    /// <summary>The CLI's own id of the session, once known; null leaves it as it is.</summary>
    public string? CodexThreadId { get; init; }

    /// <summary>The thread's options from now on (JSON, opaque here); null leaves them as they are.</summary>
    public string? Options { get; init; }

    /// <summary>The CLI's cumulative token figure: the baseline for the next turn's own usage; null leaves it as it is.</summary>
    public TokenUsage? CumulativeUsage { get; init; }

    /// <summary>The span that this commit belongs to, or null when nobody traces.</summary>
    public Activity? Activity { get; init; }
}

/// <summary>A turn's first row.</summary>
/// <param name="TurnId">UUIDv7.</param>
/// <param name="Host">The host that runs it, unique per process start.</param>
/// <param name="At">Unix milliseconds, UTC.</param>
public sealed record TurnStart(Guid TurnId, string Host, long At);

/// <summary>A turn's end.</summary>
/// <param name="Usage">The turn's own tokens, or null when the CLI said nothing.</param>
/// <param name="At">Unix milliseconds, UTC.</param>
public sealed record TurnEnd(Guid TurnId, TurnStatus Status, string? ErrorCode, string? ErrorMessage, TokenUsage? Usage, long At);
