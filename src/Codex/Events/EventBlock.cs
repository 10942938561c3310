namespace CodexOrleans.Codex.Events;

/// <summary>Events of a turn that became available together.</summary>
public sealed class EventBlock
{
    /// <summary>How deep a line may nest: tool arguments do as they like, and a reader's usual 64 levels are too few for some.</summary>
    public const int MaxDepth = 1024;

    /// <summary>Whose vocabulary all of them are in.</summary>
    public EventKind Kind { get; init; } = EventKind.Codex;

    /// <summary>
    /// JSON lines, each ended by one <c>\n</c>, valid UTF-8 and valid JSON objects with a string <c>type</c>; no raw CR or LF inside.
    /// Exactly sized, owned by the receiver.
    /// </summary>
    public required byte[] Lines { get; init; }

    /// <summary>How many lines.</summary>
    public required int Count { get; init; }

    /// <summary>The CLI's session id, in the block that holds <c>thread.started</c>.</summary>
    public string? CodexThreadId { get; init; }

    /// <summary>Set in the last block, whose last line is the terminal event.</summary>
    public TurnOutcome? Outcome { get; init; }
}
