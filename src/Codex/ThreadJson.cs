using System.Text.Json.Serialization;

namespace CodexOrleans.Codex;

/// <summary>JSON of the options as callers send them and the log keeps them: snake_case, unset members absent.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ThreadOptions))]
public sealed partial class ThreadJson : JsonSerializerContext;
