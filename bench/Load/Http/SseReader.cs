using System.Buffers.Text;

namespace CodexOrleans.Load.Http;

/// <summary>Takes server-sent events.</summary>
internal interface IEventFrames
{
    /// <param name="id">The frame's number, or -1 when it has none.</param>
    /// <param name="named">It has an event name of its own, so the CLI did not say it.</param>
    /// <param name="data">Valid during the call.</param>
    void Frame(long id, bool named, ReadOnlySpan<byte> data, long receivedAt);
}

/// <summary>
/// Reads server-sent events as both servers write them: one <c>data</c> line per frame, after <c>id</c> and <c>event</c>. A frame is
/// handed on with its data line, not only with the empty line after it.
/// </summary>
internal sealed class SseReader(IEventFrames frames) : IResponseBody
{
    private const int LongestLine = 64 * 1024 * 1024;

    private readonly LineTail _tail = new(LongestLine);
    private long _id = -1;
    private bool _named;

    public void Reset()
    {
        _tail.Clear();
        _id = -1;
        _named = false;
    }

    public void Append(ReadOnlySpan<byte> piece, long receivedAt)
    {
        while (piece.Length > 0 && _tail.TryTakeLine(ref piece, out var line))
            Line(line, receivedAt);
    }

    private void Line(ReadOnlySpan<byte> line, long receivedAt)
    {
        if (line.Length == 0)
        {
            _id = -1;
            _named = false;
        }
        else if (line.StartsWith("data:"u8))
        {
            frames.Frame(_id, _named, Value(line[5..]), receivedAt);
        }
        else if (line.StartsWith("id:"u8))
        {
            _id = Utf8Parser.TryParse(Value(line[3..]), out long id, out _) ? id : -1;
        }
        else if (line.StartsWith("event:"u8))
        {
            _named = !Value(line[6..]).SequenceEqual("message"u8);
        }
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> value) => value.Length > 0 && value[0] == (byte)' ' ? value[1..] : value;
}
