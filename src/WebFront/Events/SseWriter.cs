using System.Buffers.Text;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Events;

/// <summary>
/// Writes server-sent events to a client. Flushes by itself only when much is unflushed; the caller flushes when there is nothing
/// more to write for now.
/// </summary>
internal sealed class SseWriter(ClientPipe client)
{
    /// <summary>Writes the frames of <paramref name="events"/>.</summary>
    public ValueTask Write(in EventSlice events)
    {
        var most = events.Lines.Length + events.Count * SseFrames.Overhead;
        if (most > ClientPipe.FlushBytes)
            return WriteInParts(events);
        WriteFrames(events, (int)most);
        return client.FlushIfFull();
    }

    /// <summary>Writes a comment, which clients ignore and proxies count as traffic.</summary>
    public void Comment(ReadOnlySpan<byte> text)
    {
        Put(": "u8);
        Put(text);
        Put("\n\n"u8);
    }

    /// <summary>Writes an event of the connection, not of the thread: without an id, so it moves no cursor.</summary>
    public void Marker(ReadOnlySpan<byte> name, long head)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(head, digits, out var length);
        Put("event: "u8);
        Put(name);
        Put("\ndata: {\"head\":"u8);
        Put(digits[..length]);
        Put("}\n\n"u8);
    }

    private async ValueTask WriteInParts(EventSlice events)
    {
        while (events.Count > 0)
        {
            var (count, length) = Fit(events);
            if (count == 0)
            {
                var line = events.Lines[..(events.Lines.Span.IndexOf((byte)'\n') + 1)];
                await WriteLongLine(events, line);
                events = events.Split(1, line.Length).Tail;
                continue;
            }

            var (first, rest) = events.Split(count, length);
            WriteFrames(first, length + count * SseFrames.Overhead);
            await client.FlushIfFull();
            events = rest;
        }
    }

    private async ValueTask WriteLongLine(EventSlice events, ReadOnlyMemory<byte> line)
    {
        client.Advance(SseFrames.WriteHead(events.FirstSeq, events.Kind, line.Span, client.GetSpan(SseFrames.Overhead)));
        while (line.Length > 0)
        {
            var part = line[..Math.Min(line.Length, ClientPipe.FlushBytes / 2)];
            Put(part.Span);
            line = line[part.Length..];
            await client.FlushIfFull();
        }

        Put("\n"u8);
    }

    /// <summary>How many of the first events fit between two flushes, and their bytes.</summary>
    private static (int Count, int Length) Fit(in EventSlice events)
    {
        var lines = events.Lines.Span;
        var (count, length) = (0, 0);
        while (length < lines.Length)
        {
            var line = lines[length..].IndexOf((byte)'\n') + 1;
            if (length + line + (count + 1) * SseFrames.Overhead > ClientPipe.FlushBytes / 2)
                break;
            length += line;
            count++;
        }

        return (count, length);
    }

    private void WriteFrames(in EventSlice events, int most) => client.Advance(SseFrames.Write(events, client.GetSpan(most)));

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(client.GetSpan(bytes.Length));
        client.Advance(bytes.Length);
    }
}
