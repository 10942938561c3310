using System.Collections.Frozen;
using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Api;

/// <summary>
/// The stable codes of problem details: what clients branch on. One table holds each code's status and what it tells the caller
/// when the place that raises it has nothing more exact to say. Codes of refused turns are those of <see cref="RefusalCodes"/>.
/// </summary>
public static class ProblemCodes
{
    /// <summary>The JSON is malformed.</summary>
    public const string InvalidJson = "invalid_json";

    /// <summary>A parameter of path or query has a value that does not fit.</summary>
    public const string InvalidValue = "invalid_value";

    /// <summary>The request has fields that do not fit, or is not HTTP as the server understands it.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>A cursor that is no event number.</summary>
    public const string InvalidCursor = "invalid_cursor";

    /// <summary>No valid credentials.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>The token that was given at sign-in is not the server's.</summary>
    public const string InvalidToken = "invalid_token";

    /// <summary>Signed in, but not entitled.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>The request comes from another web site.</summary>
    public const string ForbiddenOrigin = "forbidden_origin";

    /// <summary>The request names a host that is not this server.</summary>
    public const string HostNotAllowed = "host_not_allowed";

    public const string NotFound = "not_found";

    public const string MethodNotAllowed = "method_not_allowed";

    public const string RequestTimeout = "request_timeout";

    /// <summary>There is no turn to interrupt.</summary>
    public const string NoTurnRunning = "no_turn_running";

    /// <summary>The cursor points to where the thread has no events to continue from.</summary>
    public const string CursorExpired = "cursor_expired";

    public const string BodyTooLarge = "body_too_large";

    public const string UriTooLong = "uri_too_long";

    public const string UnsupportedMediaType = "unsupported_media_type";

    /// <summary>Too many wrong tokens from one address.</summary>
    public const string TooManyAttempts = "too_many_attempts";

    public const string RequestHeadersTooLarge = "request_headers_too_large";

    /// <summary>A fault of the server's own; the log has it under the trace id.</summary>
    public const string InternalError = "internal_error";

    /// <summary>A turn's events are too many for one response.</summary>
    public const string ResultTooLarge = "result_too_large";

    /// <summary>The turn ended as failed.</summary>
    public const string TurnFailed = "turn_failed";

    /// <summary>The thread's owner does not answer.</summary>
    public const string OwnerUnreachable = "owner_unreachable";

    /// <summary>The turn ran longer than the server allows.</summary>
    public const string TurnTimeout = FailureCodes.TurnTimeout;

    private static readonly FrozenDictionary<string, Entry> _table = new Dictionary<string, Entry>
    {
        [InvalidJson] = new(400, "The body is not valid JSON."),
        [InvalidValue] = new(400, "A parameter has a value that does not fit."),
        [InvalidRequest] = new(400, "The request cannot be understood."),
        [InvalidCursor] = new(400, "The cursor must be the number of an event."),
        [RefusalCodes.InvalidPath] = new(400, "The path must be absolute."),
        [RefusalCodes.PathNotFound] = new(400, "Nothing exists at that path."),
        [RefusalCodes.NotADirectory] = new(400, "What is at that path is not a folder."),
        [RefusalCodes.NotAnImage] = new(400, "What is at that path is not an image that the CLI takes."),
        [RefusalCodes.NotAGitRepository] = new(400, "The working directory is in no git repository, and skip_git_repo_check is not true."),
        [RefusalCodes.PathNotAllowed] = new(403, "That path is outside the folders that the operator allows (Workspaces:Roots)."),
        [Unauthorized] = new(401, "Sign in first, or send the server's token as 'Authorization: Bearer'."),
        [InvalidToken] = new(401, "That is not the server's token, nor a user's. The server's start message says where to find it."),
        [Forbidden] = new(403, "This is for administrators (Auth:Users:<n>:Admin)."),
        [ForbiddenOrigin] = new(
            403, "Requests from other web sites are refused. Open the server's own page, or call the API from a program."),
        [HostNotAllowed] = new(421, "This server does not answer to that host name. The operator can add it to Auth:AllowedHosts."),
        [NotFound] = new(404, "There is nothing here. The reference is at /reference."),
        [RefusalCodes.ThreadNotFound] = new(404, "There is no such thread."),
        [MethodNotAllowed] = new(405, "This method is not supported here."),
        [RequestTimeout] = new(408, "The request arrived too slowly."),
        [RefusalCodes.TurnInProgress] = new(409, "The thread has a running turn. Wait for its end, or interrupt it."),
        [RefusalCodes.WorkingDirectoryMissing] = new(409, "The thread's working directory does not exist on this machine."),
        [NoTurnRunning] = new(409, "There is no running turn."),
        [CursorExpired] = new(410, "The thread cannot be continued from that cursor. Read it from the beginning."),
        [BodyTooLarge] = new(413, "The body is larger than the server accepts (MaxRequestBodyBytes)."),
        [UriTooLong] = new(414, "The request's address is longer than the server accepts."),
        [UnsupportedMediaType] = new(415, "Send the body as 'Content-Type: application/json' in UTF-8."),
        [TooManyAttempts] = new(429, "Too many wrong tokens from this address."),
        [RequestHeadersTooLarge] = new(431, "The request's headers are larger than the server accepts."),
        [InternalError] = new(500, "The server failed. Its log has the cause under the trace id."),
        [ResultTooLarge] = new(500, "The turn's events are too many for one response. Read them from the thread's event log."),
        [TurnFailed] = new(502, "The turn failed."),
        [OwnerUnreachable] = new(503, "The thread's owner did not answer. Read the thread, then try again."),
        [RefusalCodes.ServerBusy] = new(503, "All turn slots are taken. Try again later."),
        [RefusalCodes.HostDraining] = new(503, "The server is shutting down. Try again later."),
        [RefusalCodes.StorageUnavailable] = new(503, "The server's log cannot be used now. Try again later."),
        [RefusalCodes.WorkspaceUnavailable] = new(503, "The server cannot make the thread's folder now. Try again later."),
        [RefusalCodes.CodexNotInstalled] = new(
            503, "The Codex CLI is not installed on the server. The operator installs it with: npm i -g @openai/codex"),
        [RefusalCodes.CodexNotLoggedIn] = new(
            503, "The Codex CLI is not logged in on the server. The operator runs: codex login, or sets CODEX_API_KEY"),
        [TurnTimeout] = new(504, "The turn ran longer than the server allows (Codex:TurnTimeout)."),
    }.ToFrozenDictionary();

    /// <summary>Every code.</summary>
    public static IEnumerable<string> All => _table.Keys;

    /// <summary>HTTP status of a code of this table.</summary>
    /// <exception cref="ArgumentException">The code is not in the table.</exception>
    public static int StatusOf(string code) => Find(code).Status;

    internal static Entry Find(string code) =>
        _table.TryGetValue(code, out var entry)
            ? entry
            : throw new ArgumentException($"The problem code '{code}' is not in the table of ProblemCodes.", nameof(code));

    /// <summary>The code of a bare status, for answers that the framework gives without a body.</summary>
    internal static string OfStatus(int status) => status switch
    {
        400 => InvalidRequest,
        401 => Unauthorized,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        408 => RequestTimeout,
        413 => BodyTooLarge,
        414 => UriTooLong,
        415 => UnsupportedMediaType,
        431 => RequestHeadersTooLarge,
        _ => status < 500 ? InvalidRequest : InternalError,
    };

    internal readonly record struct Entry(int Status, string Detail);
}
