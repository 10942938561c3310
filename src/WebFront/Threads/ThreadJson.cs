using System.Text.Json.Serialization;

namespace CodexOrleans.WebFront.Threads;

/// <summary>JSON of threads: snake_case, unset members written as null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(InterruptBody))]
[JsonSerializable(typeof(InterruptedTurn))]
[JsonSerializable(typeof(ThreadResource))]
internal sealed partial class ThreadJson : JsonSerializerContext;
