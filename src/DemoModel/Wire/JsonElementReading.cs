using System.Text.Json;

namespace CodexOrleans.DemoModel.Wire;

internal static class JsonElementReading
{
    /// <summary>The property's text, or null when there is none.</summary>
    public static string? String(this JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(property, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
