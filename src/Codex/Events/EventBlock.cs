namespace CodexOrleans.Codex.Events;

/// <summary>Events of a turn that became available together.</summary>
public sealed class EventBlock
{
    /// <summary>
    /// Deepest nesting of a line's JSON: tool arguments may nest deeper than the 64 levels that JSON readers allow by default.
    /// </summary>
    public const int MaxDepth = 1024;

    /// <summary>Whether the lines are events of the CLI or of the server.</summary>
    public EventKind Kind { get; init; } = EventKind.Codex;

    /// <summary>
    /// JSON lines, each ended by one <c>\n</c>, valid UTF-8 and valid JSON objects with a string <c>type</c>; no raw CR or LF inside. The
    /// array has the exact size and belongs to the receiver.
    /// </summary>
    public required byte[] Lines { get; init; }

    /// <summary>How many lines.</summary>
    public required int Count { get; init; }

    /// <summary>The CLI's session id, in the block that holds <c>thread.started</c>.</summary>
    public string? CodexThreadId { get; init; }

    /// <summary>Set in the last block, whose last line is the terminal event.</summary>
    public TurnOutcome? Outcome { get; init; }
}
