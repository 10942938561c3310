using System.Text.Json;
using CodexOrleans.WebFront.Api;

namespace CodexOrleans.WebFront.Turns;

/// <summary>What <c>/run</c> answers: the shape only, as the events are written without being parsed.</summary>
/// <param name="Status">How it ended; never <c>running</c>.</param>
/// <param name="Code">Null when the turn completed.</param>
/// <param name="FinalResponse">Text of the last completed agent message, or null.</param>
/// <param name="Usage">The turn's own tokens, or null when they are not known.</param>
/// <param name="Error">Null when the turn completed.</param>
/// <param name="Events">The CLI's events, as it printed them.</param>
internal sealed record RunResult(
    Guid ThreadId,
    Guid TurnId,
    TurnStatus Status,
    string? Code,
    string? FinalResponse,
    UsageResource? Usage,
    TurnError? Error,
    IReadOnlyList<JsonElement> Events);
