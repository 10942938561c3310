using System.Text.Json.Serialization;
using CodexOrleans.WebFront.Threads;
using CodexOrleans.WebFront.Turns;

namespace CodexOrleans.WebFront;

/// <summary>JSON of the relay's requests and resources: snake_case, unset members written as null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(TurnBody))]
[JsonSerializable(typeof(InterruptBody))]
[JsonSerializable(typeof(InterruptedTurn))]
[JsonSerializable(typeof(ThreadResource))]
[JsonSerializable(typeof(RunResult))]
[JsonSerializable(typeof(Events.EventPage))]
internal sealed partial class RelayJson : JsonSerializerContext;
