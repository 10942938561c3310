using System.Text.Json;

namespace CodexOrleans.WebFront.Tests.Reference;

/// <summary>Whether JSON is what a schema of the API's description says: as much of the language as the description uses.</summary>
internal sealed class JsonSchema(JsonElement document)
{
    /// <summary>What does not fit, each with its place.</summary>
    public IEnumerable<string> Faults(JsonElement schema, JsonElement value, string place = "$")
    {
        if (schema.TryGetProperty("$ref", out var reference))
        {
            var name = reference.GetString()!.Split('/')[^1];
            return Faults(document.GetProperty("components").GetProperty("schemas").GetProperty(name), value, place);
        }

        if (schema.TryGetProperty("oneOf", out var alternatives))
            return alternatives.EnumerateArray().Count(one => !Faults(one, value, place).Any()) == 1 ? [] : [$"{place} fits not one alternative"];
        if (!schema.TryGetProperty("type", out _))
            return [];
        if (!Types(schema).Contains(TypeOf(value, schema)))
            return [$"{place} is {TypeOf(value, schema)}"];
        if (schema.TryGetProperty("enum", out var words) && !words.EnumerateArray().Any(word => JsonElement.DeepEquals(word, value)))
            return [$"{place} is {value.GetRawText()}, which is not in its list"];
        return value.ValueKind switch
        {
            JsonValueKind.Object => OfObject(schema, value, place),
            JsonValueKind.Array => value.EnumerateArray().SelectMany((item, i) => Faults(schema.GetProperty("items"), item, $"{place}[{i}]")),
            _ => [],
        };
    }

    private IEnumerable<string> OfObject(JsonElement schema, JsonElement value, string place)
    {
        var properties = schema.TryGetProperty("properties", out var known) ? known : default;
        var more = schema.TryGetProperty("additionalProperties", out var additional) ? additional : default;
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)))
                yield return $"{place}.{name} is missing";
        }

        foreach (var member in value.EnumerateObject())
        {
            var inside = $"{place}.{member.Name}";
            if (properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(member.Name, out var property))
            {
                foreach (var fault in Faults(property, member.Value, inside))
                    yield return fault;
            }
            else if (more.ValueKind == JsonValueKind.False)
            {
                yield return $"{inside} is not known";
            }
            else if (more.ValueKind == JsonValueKind.Object)
            {
                foreach (var fault in Faults(more, member.Value, inside))
                    yield return fault;
            }
        }
    }

    private static IEnumerable<string> Types(JsonElement schema) =>
        schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } types
            ? types.EnumerateArray().Select(type => type.GetString()!)
            : [schema.GetProperty("type").GetString()!];

    private static string TypeOf(JsonElement value, JsonElement schema) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Null => "null",
        JsonValueKind.Number => Types(schema).Contains("integer") && value.TryGetInt64(out _) ? "integer" : "number",
        _ => Fits(value.GetString()!, schema) ? "string" : "a string of another format",
    };

    private static bool Fits(string text, JsonElement schema) => (schema.TryGetProperty("format", out var format) ? format.GetString() : null) switch
    {
        "uuid" => Guid.TryParseExact(text, "D", out _),
        "date-time" => DateTimeOffset.TryParse(text, out _),
        _ => true,
    };
}
