namespace CodexOrleans.Grains;

/// <summary>
/// Committed events of one thread, in order and without gaps: what a thread publishes on a front end's stream. The lines are the
/// CLI's own bytes, untouched but for <c>thread.started.thread_id</c>.
/// </summary>
[GenerateSerializer, Immutable, Alias("codex.ThreadEventBatch")]
public sealed record ThreadEventBatch
{
    [Id(0)] public required Guid ThreadId { get; init; }

    /// <summary>The turn all of these events belong to.</summary>
    [Id(1)] public required Guid TurnId { get; init; }

    /// <summary>Number of the first line; the others follow by one each.</summary>
    [Id(2)] public required long FirstSeq { get; init; }

    /// <summary>Number of the last line.</summary>
    [Id(3)] public required long LastSeq { get; init; }

    /// <summary>Time of the commit, Unix milliseconds, UTC.</summary>
    [Id(4)] public required long At { get; init; }

    [Id(5)] public required EventKind Kind { get; init; }

    /// <summary>JSON lines in UTF-8, each ended by one <c>\n</c>; no line holds a raw CR or LF.</summary>
    [Id(6)] public required byte[] Lines { get; init; }

    /// <summary>True when the last line is the turn's terminal event (<c>turn.completed</c> or <c>turn.failed</c>).</summary>
    [Id(7)] public bool EndsTurn { get; init; }
}
