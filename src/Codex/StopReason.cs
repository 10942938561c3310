namespace CodexOrleans.Codex;

/// <summary>Why a turn is stopped from outside; each becomes a code of the turn's failure.</summary>
public enum StopReason
{
    Interrupted,
    TurnTimeout,
    HostDraining,

    /// <summary>
    /// Another activation has claimed the thread: the process is killed at once, because its output can no longer be logged.
    /// </summary>
    Fenced,

    StorageUnavailable,
}
