namespace CodexOrleans.Load.Http;

/// <summary>Lines out of pieces that are cut anywhere. Only a line that a piece leaves incomplete is copied.</summary>
/// <param name="longest">Bytes of the longest line.</param>
internal sealed class LineTail(int longest)
{
    private byte[] _bytes = new byte[256];
    private int _length;
    private bool _taken;

    public bool IsEmpty => _length == 0;

    public void Clear()
    {
        _length = 0;
        _taken = false;
    }

    /// <summary>Takes the next line, without its end (LF or CRLF), off the piece. It is valid until the next call.</summary>
    /// <returns>False when the piece has no line end left; what it has is kept and the piece is used up.</returns>
    /// <exception cref="FormatException">A line is too long.</exception>
    public bool TryTakeLine(ref ReadOnlySpan<byte> piece, out ReadOnlySpan<byte> line)
    {
        if (_taken)
            Clear();
        var end = piece.IndexOf((byte)'\n');
        if (end < 0)
        {
            Keep(piece);
            piece = default;
            line = default;
            return false;
        }

        line = piece[..end];
        if (_length > 0)
        {
            Keep(line);
            line = _bytes.AsSpan(0, _length);
            _taken = true;
        }

        piece = piece[(end + 1)..];
        if (line.Length > 0 && line[^1] == (byte)'\r')
            line = line[..^1];
        return true;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var length = _length + bytes.Length;
        if (length > longest)
            throw new FormatException($"A line is longer than {longest} bytes.");
        if (length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length = length;
    }
}
