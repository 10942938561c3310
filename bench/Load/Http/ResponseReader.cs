using System.Buffers.Text;
using System.Text;

namespace CodexOrleans.Load.Http;

/// <summary>
/// Reads one HTTP/1.1 response after the other from bytes that are cut anywhere, and keeps no more than an incomplete line of the head
/// or of a chunk's size.
/// </summary>
internal sealed class ResponseReader
{
    private const int LongestLine = 64 * 1024;

    private readonly LineTail _tail = new(LongestLine);
    private Part _part;
    private long _left;
    private bool _chunked;
    private long _length;

    private enum Part
    {
        StatusLine,
        Headers,
        Sized,
        UntilClose,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailers,
        Done,
    }

    /// <summary>Of the response under way; 0 before its status line.</summary>
    public int Status { get; private set; }

    /// <summary>The server keeps the connection for the next request.</summary>
    public bool KeepAlive { get; private set; }

    public bool Done => _part == Part.Done;

    /// <summary>Nothing of a response has arrived yet.</summary>
    public bool Untouched => _part == Part.StatusLine && _tail.IsEmpty;

    /// <summary>Expects the next response.</summary>
    public void Reset()
    {
        _part = Part.StatusLine;
        _tail.Clear();
        Status = 0;
    }

    /// <summary>Reads up to the end of the response.</summary>
    /// <returns>Bytes read; fewer than given when the response ended before.</returns>
    /// <exception cref="FormatException">This is not HTTP/1.1.</exception>
    public int Read(ReadOnlySpan<byte> bytes, IResponseBody body, long receivedAt)
    {
        var rest = bytes;
        while (rest.Length > 0 && _part != Part.Done)
        {
            switch (_part)
            {
                case Part.UntilClose:
                    body.Append(rest, receivedAt);
                    rest = default;
                    break;
                case Part.Sized or Part.Chunk:
                    var count = (int)Math.Min(_left, rest.Length);
                    body.Append(rest[..count], receivedAt);
                    rest = rest[count..];
                    _left -= count;
                    if (_left == 0)
                        _part = _part == Part.Sized ? Part.Done : Part.ChunkEnd;
                    break;
                default:
                    if (_tail.TryTakeLine(ref rest, out var line))
                        Line(line);
                    break;
            }
        }

        return bytes.Length - rest.Length;
    }

    /// <summary>The server closed the connection.</summary>
    /// <returns>False when that cuts the response.</returns>
    public bool Close()
    {
        if (_part == Part.UntilClose)
            _part = Part.Done;
        KeepAlive = false;
        return Done;
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        switch (_part)
        {
            case Part.StatusLine:
                if (!line.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(line[9..], out int status, out _))
                    throw new FormatException($"Not the status line of an HTTP/1.1 response: '{Encoding.Latin1.GetString(line[..Math.Min(line.Length, 80)])}'.");
                Status = status;
                KeepAlive = true;
                _chunked = false;
                _length = -1;
                _part = Part.Headers;
                break;
            case Part.Headers when line.Length > 0:
                Header(line);
                break;
            case Part.Headers:
                _left = _length;
                _part = Status is >= 100 and < 200 ? Part.StatusLine
                    : Status is 204 or 304 || (_length == 0 && !_chunked) ? Part.Done
                    : _chunked ? Part.ChunkSize
                    : _length > 0 ? Part.Sized
                    : Part.UntilClose;
                break;
            case Part.ChunkSize:
                if (!Utf8Parser.TryParse(line, out _left, out _, 'x') || _left < 0)
                    throw new FormatException($"Not the size of a chunk: '{Encoding.Latin1.GetString(line[..Math.Min(line.Length, 80)])}'.");
                _part = _left == 0 ? Part.Trailers : Part.Chunk;
                break;
            case Part.ChunkEnd:
                if (line.Length != 0)
                    throw new FormatException("A chunk is longer than its size says.");
                _part = Part.ChunkSize;
                break;
            case Part.Trailers:
                if (line.Length == 0)
                    _part = Part.Done;
                break;
        }
    }

    private void Header(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0)
            return;
        var name = line[..colon];
        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8) && Utf8Parser.TryParse(value, out long length, out _))
            _length = length;
        else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
            _chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8);
        else if (Ascii.EqualsIgnoreCase(name, "connection"u8) && Ascii.EqualsIgnoreCase(value, "close"u8))
            KeepAlive = false;
    }
}
