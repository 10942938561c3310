using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Turns;

/// <summary>The problems that only the relay's endpoints have, and how a grain's refusals become problems.</summary>
internal static class RelayProblems
{
    /// <summary>A request whose fields do not fit; <c>errors</c> names all of them (400).</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>A cursor that is no event number (400).</summary>
    public const string InvalidCursor = "invalid_cursor";

    /// <summary>A cursor beyond the log's head (410).</summary>
    public const string CursorExpired = "cursor_expired";

    /// <summary>There is no turn to interrupt (409).</summary>
    public const string NoTurnRunning = "no_turn_running";

    /// <summary>The thread's owner does not answer (503, Retry-After).</summary>
    public const string OwnerUnreachable = "owner_unreachable";

    /// <summary>The turn's events are too many for one response (500).</summary>
    public const string ResultTooLarge = "result_too_large";

    public static IResult Of(TurnRefusal refusal) => Problems.Of(refusal.Code, refusal.Message, refusal.RetryAfterSeconds);

    public static IResult ThreadNotFound() => Problems.Of(RefusalCodes.ThreadNotFound, "There is no such thread.");

    public static IResult Unreachable() => Problems.Of(
        OwnerUnreachable,
        "The thread's owner did not answer. Whether the request took effect is not known: read the thread, then try again.",
        retryAfterSeconds: 2);
}
