namespace CodexOrleans.Codex;

/// <summary>Whether an event is one of the CLI's or of the server's own. The numbers are stored.</summary>
public enum EventKind
{
    /// <summary>The CLI's vocabulary, also where the server synthesised the event: SSE default event name.</summary>
    Codex = 0,

    /// <summary>An event of our own, such as <c>turn.submitted</c>: its type is the SSE event name.</summary>
    Server = 1,
}
