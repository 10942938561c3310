namespace CodexOrleans.Codex.Engines;

/// <summary>A thread's conversation with the CLI. It outlives its turns, of which one runs at a time.</summary>
public interface ICodexSession
{
    /// <summary>The CLI's id of the session; null until it has told it.</summary>
    string? CodexThreadId { get; }

    /// <summary>
    /// Whether the next turn can follow the last one here. Otherwise the thread needs a session of its own again: the CLI has lost its
    /// record, or it never began one.
    /// </summary>
    bool CanContinue { get; }

    /// <summary>
    /// Starts a turn. Never throws for what the CLI or its surroundings do: a turn that cannot be started has one event, its
    /// <c>turn.failed</c>. The turn before must have settled.
    /// </summary>
    ICodexTurn Start(TurnSpec turn);

    /// <summary>Lets go of what the CLI keeps for the session, so that another process may continue it. No turn may run.</summary>
    ValueTask Release();
}
