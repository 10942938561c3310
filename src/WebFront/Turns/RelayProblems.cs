using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Problems that several of the relay's endpoints answer with.</summary>
internal static class RelayProblems
{
    public static Problem Of(TurnRefusal refusal) => Problems.Of(
        refusal.Code,
        refusal.Message,
        refusal.RetryAfterSeconds,
        refusal.Field is { } field ? new Dictionary<string, string[]> { [field] = [refusal.Message] } : null);

    public static Problem Of(Dictionary<string, string[]> errors) =>
        Problems.Of(ProblemCodes.InvalidRequest, "The request has fields that do not fit; 'errors' names each of them.", errors: errors);

    public static Problem ThreadNotFound() => Problems.Of(RefusalCodes.ThreadNotFound);

    public static Problem Unreachable() => Problems.Of(ProblemCodes.OwnerUnreachable, retryAfterSeconds: 2);
}
