using System.Text.Json;

namespace CodexOrleans.WebFront.Feed;

/// <summary>Reads the few facts the relay needs from an event's JSON line, without building objects.</summary>
internal static class EventLine
{
    /// <summary>The top-level <c>type</c> as it stands between its quotes; empty when there is none.</summary>
    public static ReadOnlySpan<byte> Type(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        return TryFind(ref json, "type"u8) && json.TokenType == JsonTokenType.String ? json.ValueSpan : [];
    }

    /// <summary>True for an event that ends its turn.</summary>
    public static bool IsTerminal(ReadOnlySpan<byte> line)
    {
        var type = Type(line);
        return type.SequenceEqual("turn.completed"u8) || type.SequenceEqual("turn.failed"u8);
    }

    /// <summary>
    /// The text of a completed agent message as the JSON string it is, with its quotes, or null when the line is another event.
    /// </summary>
    public static ReadOnlyMemory<byte>? AgentMessage(ReadOnlyMemory<byte> line)
    {
        // Most lines are no messages; a vectorised search is much cheaper than parsing them.
        if (line.Span.IndexOf("\"agent_message\""u8) < 0 || !Type(line.Span).SequenceEqual("item.completed"u8))
            return null;
        var json = new Utf8JsonReader(line.Span);
        if (!TryFind(ref json, "item"u8) || json.TokenType != JsonTokenType.StartObject)
            return null;
        var item = line[(int)json.TokenStartIndex..];
        if (!Type(item.Span).SequenceEqual("agent_message"u8))
            return null;
        var fields = new Utf8JsonReader(item.Span);
        return TryFind(ref fields, "text"u8) && fields.TokenType == JsonTokenType.String
            ? item.Slice((int)fields.TokenStartIndex, fields.ValueSpan.Length + 2)
            : null;
    }

    /// <summary>
    /// The <c>error</c> of a <c>turn.failed</c>: our code (null when the CLI reported the failure itself) and the message.
    /// </summary>
    public static (string? Code, string Message) Failure(ReadOnlyMemory<byte> line)
    {
        var json = new Utf8JsonReader(line.Span);
        if (!TryFind(ref json, "error"u8) || json.TokenType != JsonTokenType.StartObject)
            return (null, "");
        var error = line.Span[(int)json.TokenStartIndex..];
        return (Text(error, "code"u8), Text(error, "message"u8) ?? "");
    }

    private static string? Text(ReadOnlySpan<byte> json, ReadOnlySpan<byte> name)
    {
        var reader = new Utf8JsonReader(json);
        return TryFind(ref reader, name) && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
    }

    /// <summary>Moves to the value of the outer object's property; false when it has none, or is not JSON.</summary>
    private static bool TryFind(ref Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var found = json.ValueTextEquals(name);
                if (!json.Read())
                    return false;
                if (found)
                    return true;
                json.Skip();
            }
        }
        catch (JsonException)
        {
            // The line passes untouched; it only has no type that we could act on.
        }

        return false;
    }
}
