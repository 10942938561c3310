namespace CodexOrleans.Codex;

/// <summary>How a turn ended.</summary>
/// <param name="Status">Completed, failed or interrupted.</param>
/// <param name="ErrorCode">One of <see cref="FailureCodes"/> when the server wrote the terminal event; null for the CLI's own.</param>
/// <param name="ErrorMessage">The failure's message.</param>
/// <param name="Usage">The turn's own tokens, or null.</param>
/// <param name="CumulativeUsage">The CLI's cumulative usage as printed, or null.</param>
public sealed record TurnOutcome(
    TurnStatus Status, string? ErrorCode, string? ErrorMessage, TokenUsage? Usage, TokenUsage? CumulativeUsage);
