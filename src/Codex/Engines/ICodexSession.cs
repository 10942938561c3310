namespace CodexOrleans.Codex.Engines;

/// <summary>A thread's conversation with the CLI. It outlives its turns, of which one runs at a time.</summary>
public interface ICodexSession
{
    /// <summary>The CLI's id of the session; null until the CLI has printed it.</summary>
    string? CodexThreadId { get; }

    /// <summary>
    /// Whether the next turn can continue this session. If not, the thread needs a new session, because the CLI's record is lost or was
    /// never begun.
    /// </summary>
    bool CanContinue { get; }

    /// <summary>
    /// Starts a turn. Never throws for what the CLI or its surroundings do: a turn that cannot be started has one event, its
    /// <c>turn.failed</c>. The turn before must have settled.
    /// </summary>
    ICodexTurn Start(TurnSpec turn);

    /// <summary>Releases what the CLI holds for the session, so that another process can continue it. No turn may be running.</summary>
    ValueTask Release();
}
