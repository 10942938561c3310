using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodexOrleans.WebFront.Requests;

/// <summary>Reads and writes an enum by its words alone, in snake_case unless they say otherwise, and never by number.</summary>
internal sealed class JsonWords<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
