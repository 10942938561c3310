namespace CodexOrleans.Codex;

/// <summary>
/// Values of <c>error.code</c> in a <c>turn.failed</c> that the server wrote itself; the CLI's own failures carry no code.
/// </summary>
public static class FailureCodes
{
    /// <summary>A caller interrupted the turn.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>The turn ran longer than <c>Codex:TurnTimeout</c>.</summary>
    public const string TurnTimeout = "turn_timeout";

    /// <summary>The server process that ran the turn died.</summary>
    public const string HostLost = "host_lost";

    /// <summary>The server shut down before the turn was done.</summary>
    public const string HostDraining = "host_draining";

    /// <summary>The CLI ended without a terminal event; the message has its exit code and the end of its stderr.</summary>
    public const string CodexExited = "codex_exited";

    /// <summary>The CLI could not be started.</summary>
    public const string CodexNotStarted = "codex_not_started";

    /// <summary>The CLI printed a line longer than 16 MiB.</summary>
    public const string LineTooLong = "line_too_long";

    /// <summary>The CLI opened another session than the one it was asked to resume.</summary>
    public const string ResumeMismatch = "resume_mismatch";

    /// <summary>The log could not be written for so long that the turn was given up.</summary>
    public const string StorageUnavailable = "storage_unavailable";

    /// <summary>A folder or a file that the turn needs could not be made, such as on a full disk.</summary>
    public const string WorkspaceUnavailable = "workspace_unavailable";

    /// <summary>A folder or an image of the turn was moved or replaced between the turn's acceptance and its start.</summary>
    public const string WorkspaceChanged = "workspace_changed";
}
