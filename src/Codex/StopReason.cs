namespace CodexOrleans.Codex;

/// <summary>Why a turn is stopped from outside; each becomes a code of the turn's failure.</summary>
public enum StopReason
{
    Interrupted,
    TurnTimeout,
    HostDraining,

    /// <summary>Another activation has the thread: end the process now, by force, nobody reads the rest.</summary>
    Fenced,

    StorageUnavailable,
}
