using CodexOrleans.Grains;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Turns;

/// <summary>How a turn ended, for an HTTP caller.</summary>
/// <param name="HttpStatus">200 only when it completed.</param>
/// <param name="Code">Stable; null when it completed.</param>
/// <param name="Error">Null when it completed.</param>
internal sealed record TurnOutcome(int HttpStatus, TurnStatus Status, string? Code, TurnError? Error)
{
    private static readonly TurnOutcome _completed = new(StatusCodes.Status200OK, TurnStatus.Completed, null, null);

    /// <summary>Reads the terminal event.</summary>
    public static TurnOutcome Of(ReadOnlyMemory<byte> terminalLine)
    {
        if (EventLine.Type(terminalLine.Span).SequenceEqual("turn.completed"u8))
            return _completed;
        var (code, message) = EventLine.Failure(terminalLine);
        return code switch
        {
            FailureCodes.Interrupted => Failed(StatusCodes.Status502BadGateway, TurnStatus.Interrupted, FailureCodes.Interrupted),
            FailureCodes.TurnTimeout => Failed(StatusCodes.Status504GatewayTimeout, TurnStatus.Failed, FailureCodes.TurnTimeout),
            null or FailureCodes.CodexExited when IsLoginFailure(message) =>
                Failed(StatusCodes.Status503ServiceUnavailable, TurnStatus.Failed, RefusalCodes.CodexNotLoggedIn),
            _ => Failed(StatusCodes.Status502BadGateway, TurnStatus.Failed, TurnError.DefaultCode),
        };

        TurnOutcome Failed(int httpStatus, TurnStatus status, string outcome) =>
            new(httpStatus, status, outcome, new TurnError(code ?? TurnError.DefaultCode, message));
    }

    // The CLI reports a missing or refused login as the text of an ordinary failure; these are its words (0.169).
    private static bool IsLoginFailure(string message) =>
        message.Contains("401 Unauthorized", StringComparison.Ordinal)
        || message.StartsWith("Missing environment variable", StringComparison.Ordinal)
        || message.Contains("access token could not be refreshed", StringComparison.Ordinal);
}
