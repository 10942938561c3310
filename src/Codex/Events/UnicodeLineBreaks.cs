using System.Buffers;
using System.Text;

namespace CodexOrleans.Codex.Events;

/// <summary>
/// U+0085, U+2028 and U+2029: they are not line ends in JSON and SSE, but are in many line readers, such as Python's <c>str.splitlines</c>,
/// which would split an event at them.
/// </summary>
internal static class UnicodeLineBreaks
{
    private static ReadOnlySpan<byte> NextLine => [0xC2, 0x85];

    private static ReadOnlySpan<byte> LineSeparator => [0xE2, 0x80, 0xA8];

    private static ReadOnlySpan<byte> ParagraphSeparator => [0xE2, 0x80, 0xA9];

    /// <summary>True when one of them is in the text, which must be valid UTF-8.</summary>
    public static bool AreIn(ReadOnlySpan<byte> text) =>
        text.IndexOf(LineSeparator) >= 0 || text.IndexOf(ParagraphSeparator) >= 0 || text.IndexOf(NextLine) >= 0;

    /// <summary>
    /// Valid JSON with each of them as <c>\u0085</c>, <c>\u2028</c> or <c>\u2029</c>. JSON has them in strings only, so it means the same.
    /// </summary>
    public static byte[] Escape(ReadOnlySpan<byte> json)
    {
        var escaped = new ArrayBufferWriter<byte>(json.Length + 64);
        while (!json.IsEmpty)
        {
            var end = json.IndexOfAny(NextLine[0], LineSeparator[0]);
            escaped.Write(end < 0 ? json : json[..end]);
            if (end < 0)
                break;
            json = json[end..];
            var (escape, length) =
                json.StartsWith(NextLine) ? ("\\u0085", NextLine.Length)
                : json.StartsWith(LineSeparator) ? ("\\u2028", LineSeparator.Length)
                : json.StartsWith(ParagraphSeparator) ? ("\\u2029", ParagraphSeparator.Length)
                : (null, 1);
            if (escape is null)
                escaped.Write(json[..length]);
            else
                Encoding.ASCII.GetBytes(escape, escaped);
            json = json[length..];
        }

        return escaped.WrittenSpan.ToArray();
    }
}
