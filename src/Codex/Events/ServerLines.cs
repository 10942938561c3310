using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CodexOrleans.Codex.Events;

/// <summary>Events that the server writes itself: its own, and some in the CLI's vocabulary.</summary>
public static class ServerLines
{
    private const int ExcerptBytes = 200;

    // Text beyond ASCII is not escaped, as in the CLI's lines. That is safe, because the lines are never part of a page's markup.
    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The prompt and the effective options, which the CLI does not print but a thread's history needs.</summary>
    public static byte[] TurnSubmitted(
        Guid turnId, string prompt, ThreadOptions options, string? outputSchema, IReadOnlyList<string>? images) => Write(json =>
    {
        json.WriteString("type", "turn.submitted");
        json.WriteString("turn_id", turnId);
        json.WriteString("prompt", prompt);
        json.WritePropertyName("options");
        JsonSerializer.Serialize(json, options, ThreadJson.Default.ThreadOptions);
        if (outputSchema is not null)
        {
            json.WritePropertyName("output_schema");
            using var document = JsonDocument.Parse(outputSchema);
            document.RootElement.WriteTo(json);
        }

        if (images is { Count: > 0 })
        {
            json.WriteStartArray("images");
            foreach (var image in images)
                json.WriteStringValue(image);
            json.WriteEndArray();
        }
    });

    /// <summary><c>turn.failed</c> with a code of <see cref="FailureCodes"/>.</summary>
    public static byte[] TurnFailed(string code, string message) => Write(json =>
    {
        json.WriteString("type", "turn.failed");
        json.WriteStartObject("error");
        json.WriteString("message", message);
        json.WriteString("code", code);
        json.WriteEndObject();
    });

    /// <summary>
    /// An item of type <c>error</c>. The CLI's own ids are <c>item_N</c>, so the number only has to be unique among the server's.
    /// </summary>
    public static byte[] ErrorItem(int number, string message) => Write(json =>
    {
        json.WriteString("type", "item.completed");
        json.WriteStartObject("item");
        json.WriteString("id", $"server_item_{number}");
        json.WriteString("type", "error");
        json.WriteString("message", message);
        json.WriteEndObject();
    });

    /// <summary>The start of a line that may hold anything, as one short line of printable text.</summary>
    public static string Excerpt(ReadOnlySpan<byte> line)
    {
        var text = new StringBuilder(ExcerptBytes);
        foreach (var rune in Encoding.UTF8.GetString(line[..Math.Min(line.Length, ExcerptBytes)]).EnumerateRunes())
            text.Append(Rune.IsControl(rune) ? "\uFFFD" : rune.ToString());
        if (line.Length > ExcerptBytes)
            text.Append('…');
        return text.ToString();
    }

    private static byte[] Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, _options))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
