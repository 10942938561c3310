namespace CodexOrleans.Codex;

/// <summary>State of a turn. The numbers are stored.</summary>
public enum TurnStatus
{
    Running = 0,
    Completed = 1,
    Failed = 2,
    Interrupted = 3,
}
