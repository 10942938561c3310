using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodexOrleans.Codex.Events;

/// <summary>Reads event lines into the typed view.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    MaxDepth = 1024)]
[JsonSerializable(typeof(CodexEvent))]
public sealed partial class CodexJson : JsonSerializerContext
{
    /// <summary>
    /// Reads one line. What is not known of it (a new type, new members) is kept aside. A line that is known by its type but whose
    /// members are of other kinds than they should be comes back as the base type too: reading never fails because a CLI is newer.
    /// </summary>
    /// <param name="line">One event, with or without its line end.</param>
    /// <exception cref="JsonException">The line is not a JSON object with a string <c>type</c>; no line of a log is so.</exception>
    public static CodexEvent Parse(ReadOnlySpan<byte> line)
    {
        var type = TypeOf(line);
        CodexEvent read;
        try
        {
            read = JsonSerializer.Deserialize(line, Default.CodexEvent)!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException)
        {
            // InvalidOperationException: text with an escaped half of a surrogate pair is JSON, but no string.
            read = new CodexEvent();
        }

        read.Type = type;
        return read;
    }

    private static string TypeOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 1024 });
        if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? type = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("type"u8);
                reader.Read();
                if (isType && reader.TokenType == JsonTokenType.String)
                    type = System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
                reader.Skip();
            }

            if (type is not null)
                return type;
        }

        throw new JsonException("The line is not a JSON object with a string \"type\".");
    }
}
