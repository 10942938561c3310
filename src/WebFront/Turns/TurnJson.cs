using System.Text.Json.Serialization;

namespace CodexOrleans.WebFront.Turns;

/// <summary>JSON of what starts a turn and of its result: snake_case, unset members written as null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(TurnBody))]
[JsonSerializable(typeof(RunResult))]
internal sealed partial class TurnJson : JsonSerializerContext;
