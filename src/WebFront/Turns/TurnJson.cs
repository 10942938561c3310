using System.Text.Json.Serialization;
using CodexOrleans.WebFront.Requests;

namespace CodexOrleans.WebFront.Turns;

/// <summary>JSON of what starts a turn and of its result: snake_case, unset members written as null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    AllowDuplicateProperties = false,
    Converters = [typeof(JsonWords<SandboxMode>), typeof(JsonWords<WebSearchMode>), typeof(JsonWords<TurnStatus>)])]
[JsonSerializable(typeof(TurnBody))]
[JsonSerializable(typeof(RunResult))]
internal sealed partial class TurnJson : JsonSerializerContext;
