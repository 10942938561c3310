using System.Text.Json;
using System.Text.Unicode;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// Whether the text of a body is Unicode throughout. Parsers find out only when a string is taken out, each in its own way, and some of
/// it (a schema, say) goes on as it is.
/// </summary>
internal static class JsonText
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The text without a byte order mark, which some editors and shells put in front.</summary>
    public static ReadOnlyMemory<byte> WithoutByteOrderMark(ReadOnlyMemory<byte> text) =>
        text.Span.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;

    /// <summary>What to tell the sender of text that is not Unicode, or null. Whether it is JSON its parser says.</summary>
    public static string? Fault(ReadOnlySpan<byte> text) =>
        !Utf8.IsValid(text) ? "The body is not valid UTF-8."
        // The framework would pass over a second one where it parses, and only there.
        : text.StartsWith(ByteOrderMark) ? "The body is not valid JSON: it begins with two byte order marks."
        : HoldsHalfAPair(text) ? "The body holds an escape such as \\ud83d without the other half of its surrogate pair."
        : null;

    private static bool HoldsHalfAPair(ReadOnlySpan<byte> text)
    {
        // In valid UTF-8 only an escape can be half a pair. Most bodies have none, and are not read twice.
        if (text.IndexOf("\\ud"u8) < 0 && text.IndexOf("\\uD"u8) < 0)
            return false;
        var reader = new Utf8JsonReader(text);
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped)
                    reader.GetString();
            }
        }
        catch (InvalidOperationException)
        {
            return true;
        }
        catch (JsonException)
        {
            // No JSON at all, which is the parser's to say, with the position.
        }

        return false;
    }
}
