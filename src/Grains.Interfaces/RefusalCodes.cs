namespace CodexOrleans.Grains;

/// <summary>Stable codes of refused turns; the HTTP problem's <c>code</c> is the same word.</summary>
public static class RefusalCodes
{
    /// <summary>The thread has a running turn (409).</summary>
    public const string TurnInProgress = "turn_in_progress";

    /// <summary>No such thread (404).</summary>
    public const string ThreadNotFound = "thread_not_found";

    /// <summary>All turn slots stayed taken for the whole wait, or too many wait already (503, Retry-After).</summary>
    public const string ServerBusy = "server_busy";

    /// <summary>The server is shutting down (503, Retry-After).</summary>
    public const string HostDraining = "host_draining";

    /// <summary>The Codex CLI is not installed or cannot be started (503).</summary>
    public const string CodexNotInstalled = "codex_not_installed";

    /// <summary>
    /// The CLI has no login, and its provider needs one (503). Also the code of a turn whose login the model endpoint refused.
    /// </summary>
    public const string CodexNotLoggedIn = "codex_not_logged_in";

    /// <summary>The log cannot be written now (503, Retry-After).</summary>
    public const string StorageUnavailable = "storage_unavailable";

    /// <summary>The thread's working directory does not exist on this machine (409).</summary>
    public const string WorkingDirectoryMissing = "working_directory_missing";

    /// <summary>A path that is not absolute, holds forbidden characters, or whose links form a loop (400).</summary>
    public const string InvalidPath = "invalid_path";

    /// <summary>A path under an allowed root at which nothing exists (400).</summary>
    public const string PathNotFound = "path_not_found";

    /// <summary>A path outside the allowed roots, or in a folder that the server keeps to itself (403).</summary>
    public const string PathNotAllowed = "path_not_allowed";

    /// <summary>What is named as a folder is a file (400).</summary>
    public const string NotADirectory = "not_a_directory";

    /// <summary>What is named as an image has no content of an image that the CLI takes (400).</summary>
    public const string NotAnImage = "not_an_image";

    /// <summary>The working directory is in no git repository, and the turn does not skip that check (400).</summary>
    public const string NotAGitRepository = "not_a_git_repository";

    /// <summary>The thread's own folder cannot be made, such as on a full disk (503, Retry-After).</summary>
    public const string WorkspaceUnavailable = "workspace_unavailable";
}
