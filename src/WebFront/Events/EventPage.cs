using System.Text.Encodings.Web;
using System.Text.Json;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Events;

/// <summary>A page of a thread's log: the shape only, as the events are written without being parsed.</summary>
/// <param name="NextAfter">The <c>after</c> of the next page.</param>
/// <param name="HeadSeq">Number of the thread's last event.</param>
/// <param name="HasMore">True when there are events after this page.</param>
internal sealed record EventPage(IReadOnlyList<LoggedEvent> Events, long NextAfter, long HeadSeq, bool HasMore)
{
    private static readonly JsonWriterOptions _json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>
    /// Writes up to <paramref name="limit"/> events after <paramref name="cursor"/>, and fewer when they have many bytes, but never
    /// none.
    /// </summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<LogChunk> chunks, long cursor, long head, int limit, int maxBytes)
    {
        json.WriteStartObject();
        json.WriteStartArray("events");
        var (count, bytes) = (0, 0);
        foreach (var chunk in chunks)
        {
            if (chunk.LastSeq <= cursor)
                continue;
            var events = EventSlice.After(cursor, chunk);
            var lines = events.Lines.Span;
            for (var seq = events.FirstSeq; seq <= events.LastSeq; seq++)
            {
                var end = lines.IndexOf((byte)'\n');
                if (count == limit || (count > 0 && bytes + end > maxBytes))
                    goto full;
                WriteEvent(json, seq, events, lines[..end]);
                lines = lines[(end + 1)..];
                bytes += end;
                count++;
                cursor = seq;
            }
        }

    full:
        json.WriteEndArray();
        // The log may have grown since its head was read.
        head = Math.Max(head, cursor);
        json.WriteNumber("next_after", cursor);
        json.WriteNumber("head_seq", head);
        json.WriteBoolean("has_more", cursor < head);
        json.WriteEndObject();
    }

    public static Utf8JsonWriter CreateWriter(System.Buffers.IBufferWriter<byte> buffer) => new(buffer, _json);

    private static void WriteEvent(Utf8JsonWriter json, long seq, in EventSlice events, ReadOnlySpan<byte> line)
    {
        json.WriteStartObject();
        json.WriteNumber("seq", seq);
        json.WriteString("turn_id", events.TurnId);
        json.WriteString("at", DateTimeOffset.FromUnixTimeMilliseconds(events.At));
        json.WriteString("kind", events.Kind == EventKind.Server ? "server"u8 : "codex"u8);
        json.WritePropertyName("event");
        json.WriteRawValue(line, skipInputValidation: true);
        json.WriteEndObject();
    }
}

/// <summary>An event with what the log knows of it.</summary>
/// <param name="At">Time of its commit.</param>
/// <param name="Kind"><c>codex</c> for the CLI's vocabulary, <c>server</c> for our own events.</param>
/// <param name="Event">The untouched line.</param>
internal sealed record LoggedEvent(long Seq, Guid TurnId, DateTimeOffset At, EventKind Kind, JsonElement Event);
