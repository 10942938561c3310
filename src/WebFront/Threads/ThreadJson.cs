using System.Text.Json.Serialization;
using CodexOrleans.WebFront.Requests;

namespace CodexOrleans.WebFront.Threads;

/// <summary>JSON of threads: snake_case, unset members written as null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(JsonWords<TurnStatus>)])]
[JsonSerializable(typeof(InterruptBody))]
[JsonSerializable(typeof(InterruptedTurn))]
[JsonSerializable(typeof(ThreadResource))]
internal sealed partial class ThreadJson : JsonSerializerContext;
