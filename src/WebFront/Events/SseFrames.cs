using System.Buffers.Text;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Events;

/// <summary>The bytes of server-sent events: <c>id</c>, for our own events <c>event</c>, and <c>data</c> with the untouched line.</summary>
internal static class SseFrames
{
    /// <summary>Longest event name we put on the wire; an own event whose type is no such name keeps the default one.</summary>
    private const int MaxNameLength = 64;

    private const int MaxSeqLength = 20;

    /// <summary>Most bytes that a frame adds to its line, whose own <c>\n</c> becomes part of the frame.</summary>
    public const int Overhead = 4 + MaxSeqLength + 1 + 7 + MaxNameLength + 1 + 6 + 1;

    /// <summary>Writes the frames of all events into <paramref name="destination"/> and returns their length.</summary>
    /// <param name="destination">Has room for the lines and <see cref="Overhead"/> for each.</param>
    public static int Write(in EventSlice events, Span<byte> destination)
    {
        var lines = events.Lines.Span;
        var written = 0;
        for (var seq = events.FirstSeq; lines.Length > 0; seq++)
        {
            var length = lines.IndexOf((byte)'\n') + 1;
            written += WriteHead(seq, events.Kind, lines[..length], destination[written..]);
            lines[..length].CopyTo(destination[written..]);
            written += length;
            destination[written++] = (byte)'\n';
            lines = lines[length..];
        }

        return written;
    }

    /// <summary>Writes everything of a frame that stands before its line.</summary>
    public static int WriteHead(long seq, EventKind kind, ReadOnlySpan<byte> line, Span<byte> destination)
    {
        "id: "u8.CopyTo(destination);
        Utf8Formatter.TryFormat(seq, destination[4..], out var digits);
        var written = 4 + digits;
        destination[written++] = (byte)'\n';
        if (kind == EventKind.Server && EventLine.Type(line) is { Length: > 0 and <= MaxNameLength } type && IsName(type))
        {
            "event: "u8.CopyTo(destination[written..]);
            type.CopyTo(destination[(written + 7)..]);
            written += 7 + type.Length;
            destination[written++] = (byte)'\n';
        }

        "data: "u8.CopyTo(destination[written..]);
        return written + 6;
    }

    private static bool IsName(ReadOnlySpan<byte> type)
    {
        foreach (var b in type)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'.' or (byte)'_' or (byte)'-'))
                return false;
        }

        return true;
    }
}
