namespace CodexOrleans.WebFront.Api;

/// <summary>Why a turn failed.</summary>
/// <param name="Code">One of the server's codes, or <c>turn_failed</c> when the CLI reported the failure itself.</param>
/// <param name="Message">For the caller.</param>
internal sealed record TurnError(string Code, string Message)
{
    public const string DefaultCode = "turn_failed";
}
