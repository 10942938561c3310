using System.Text.Json;
using System.Text.Json.Nodes;
using CodexOrleans.DemoModel.Wire;

namespace CodexOrleans.DemoModel.Session;

/// <summary>
/// The smallest value that follows a JSON schema, with the given text for every string. Knows the keywords that structured output allows.
/// </summary>
internal static class SchemaSample
{
    /// <summary>A schema may refer to itself; values below this depth are null.</summary>
    private const int MaxDepth = 16;

    public static string Json(JsonElement schema, string text) =>
        Value(schema, schema, text, 0)?.ToJsonString(WireJson.Options) ?? "null";

    private static JsonNode? Value(JsonElement schema, JsonElement root, string text, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth)
            return null;
        if (schema.String("$ref") is { } reference)
            return Value(Resolve(root, reference), root, text, depth + 1);
        if (schema.TryGetProperty("const", out var constant))
            return JsonNode.Parse(constant.GetRawText());
        if (First(schema, "enum") is { } choice)
            return JsonNode.Parse(choice.GetRawText());
        if (First(schema, "anyOf") is { } alternative)
            return Value(alternative, root, text, depth + 1);

        return Type(schema) switch
        {
            "object" => Object(schema, root, text, depth),
            "array" => schema.TryGetProperty("items", out var items) && depth < MaxDepth / 2
                ? new JsonArray(Value(items, root, text, depth + 1))
                : [],
            "string" => text,
            "integer" or "number" => 0,
            "boolean" => false,
            _ => null,
        };
    }

    private static JsonObject Object(JsonElement schema, JsonElement root, string text, int depth)
    {
        var sample = new JsonObject();
        if (!schema.TryGetProperty("properties", out var properties))
            return sample;
        foreach (var property in properties.EnumerateObject())
            sample[property.Name] = Value(property.Value, root, text, depth + 1);
        return sample;
    }

    private static string? Type(JsonElement schema) =>
        schema.String("type") ?? First(schema, "type")?.GetString() ?? (schema.TryGetProperty("properties", out _) ? "object" : null);

    private static JsonElement? First(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var values) && values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0
            ? values[0]
            : null;

    // References point into the schema itself: "#/$defs/name".
    private static JsonElement Resolve(JsonElement root, string reference)
    {
        var at = root;
        foreach (var segment in reference.TrimStart('#').Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(segment, out at))
                return default;
        }

        return at;
    }
}
