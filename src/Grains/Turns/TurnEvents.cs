using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CodexOrleans.Grains.Turns;

/// <summary>The events that the server itself adds to a turn, as log lines.</summary>
internal static class TurnEvents
{
    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The prompt and the effective options. The CLI never prints the prompt, and a history without it is no history.</summary>
    public static byte[] Submitted(Guid turnId, TurnRequest request, ThreadOptions options) => Line(json =>
    {
        json.WriteString("type", "turn.submitted");
        json.WriteString("turn_id", turnId);
        json.WriteString("prompt", request.Prompt);
        json.WritePropertyName("options");
        JsonSerializer.Serialize(json, options, ThreadJson.Default.ThreadOptions);
        if (request.OutputSchema is { } schema)
        {
            json.WritePropertyName("output_schema");
            using var document = JsonDocument.Parse(schema);
            document.RootElement.WriteTo(json);
        }

        if (request.Images is { Count: > 0 } images)
        {
            json.WriteStartArray("images");
            foreach (var image in images)
                json.WriteStringValue(image);
            json.WriteEndArray();
        }
    });

    /// <summary>The terminal event of a turn whose CLI could not write one.</summary>
    public static byte[] Failed(string code, string message) => Line(json =>
    {
        json.WriteString("type", "turn.failed");
        json.WriteStartObject("error");
        json.WriteString("message", message);
        json.WriteString("code", code);
        json.WriteEndObject();
    });

    private static byte[] Line(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
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
