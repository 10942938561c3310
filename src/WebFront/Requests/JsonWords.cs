using System.Text.Json.Serialization;

namespace CodexOrleans.WebFront.Requests;

/// <summary>Reads and writes an enum by its words alone, never by number.</summary>
internal sealed class JsonWords<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;
