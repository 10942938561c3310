using CodexOrleans.Grains;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.WebFront.Feed;

/// <summary>Consecutive events of one turn as a viewer gets them: bytes of a batch or of a log chunk, not a copy.</summary>
internal readonly struct EventSlice
{
    public required long FirstSeq { get; init; }

    public required long LastSeq { get; init; }

    public required Guid TurnId { get; init; }

    /// <summary>Time of the commit, Unix milliseconds, UTC.</summary>
    public required long At { get; init; }

    public required EventKind Kind { get; init; }

    /// <summary>JSON lines, each ended by one <c>\n</c>.</summary>
    public required ReadOnlyMemory<byte> Lines { get; init; }

    /// <summary>True when the last line is its turn's terminal event.</summary>
    public required bool EndsTurn { get; init; }

    public long Count => LastSeq - FirstSeq + 1;

    /// <summary>The events of <paramref name="batch"/> after <paramref name="cursor"/>.</summary>
    public static EventSlice After(long cursor, ThreadEventBatch batch) => new()
    {
        FirstSeq = Math.Max(batch.FirstSeq, cursor + 1),
        LastSeq = batch.LastSeq,
        TurnId = batch.TurnId,
        At = batch.At,
        Kind = batch.Kind,
        Lines = Skip(batch.Lines, cursor + 1 - batch.FirstSeq),
        EndsTurn = batch.EndsTurn,
    };

    /// <summary>The events of <paramref name="chunk"/> after <paramref name="cursor"/>.</summary>
    public static EventSlice After(long cursor, LogChunk chunk)
    {
        var kind = chunk.Kind == (byte)EventKind.Server ? EventKind.Server : EventKind.Codex;
        return new()
        {
            FirstSeq = Math.Max(chunk.FirstSeq, cursor + 1),
            LastSeq = chunk.LastSeq,
            TurnId = chunk.TurnId,
            At = chunk.At,
            Kind = kind,
            Lines = Skip(chunk.Lines, cursor + 1 - chunk.FirstSeq),
            // A turn's terminal event is the last of its commit, so the last line tells.
            EndsTurn = kind == EventKind.Codex && EventLine.IsTerminal(LastLine(chunk.Lines)),
        };
    }

    /// <summary>The first <paramref name="count"/> events, which fill <paramref name="length"/> bytes, and those after them.</summary>
    public (EventSlice Head, EventSlice Tail) Split(long count, int length) => (
        this with { LastSeq = FirstSeq + count - 1, Lines = Lines[..length], EndsTurn = EndsTurn && count == Count },
        this with { FirstSeq = FirstSeq + count, Lines = Lines[length..] });

    private static ReadOnlyMemory<byte> Skip(byte[] lines, long count)
    {
        var offset = 0;
        for (; count > 0; count--)
            offset += lines.AsSpan(offset).IndexOf((byte)'\n') + 1;
        return lines.AsMemory(offset);
    }

    private static ReadOnlySpan<byte> LastLine(ReadOnlySpan<byte> lines)
    {
        lines = lines[..^1];
        return lines[(lines.LastIndexOf((byte)'\n') + 1)..];
    }
}
