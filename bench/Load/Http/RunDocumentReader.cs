namespace CodexOrleans.Load.Http;

/// <summary>Takes the events of a <c>/run</c> document.</summary>
internal interface IDocumentEvents
{
    void Numbered(int number);

    void Completed();
}

/// <summary>Finds the events in the JSON document of <c>/run</c> as it arrives, without building it.</summary>
internal sealed class RunDocumentReader(IDocumentEvents events) : IResponseBody
{
    // From the name of a member to the end of the numbers that follow it.
    private const int LongestMatch = 64;

    private readonly byte[] _tail = new byte[2 * LongestMatch];
    private int _tailLength;

    public void Reset() => _tailLength = 0;

    public void Append(ReadOnlySpan<byte> piece, long receivedAt)
    {
        if (_tailLength > 0)
        {
            // The few bytes that were undecided, with enough of the new ones to decide them.
            var added = Math.Min(piece.Length, LongestMatch);
            piece[..added].CopyTo(_tail.AsSpan(_tailLength));
            var joined = _tail.AsSpan(0, _tailLength + added);
            var undecided = _tailLength;
            var used = Scan(joined);
            if (used < undecided)
            {
                // Still too short, which means that the whole piece has been added.
                joined[used..].CopyTo(_tail);
                _tailLength = joined.Length - used;
                return;
            }

            piece = piece[(used - undecided)..];
        }

        var end = Scan(piece);
        piece[end..].CopyTo(_tail);
        _tailLength = piece.Length - end;
    }

    /// <summary>Reads what can be decided, and returns where the undecided rest begins: less than the longest match.</summary>
    private int Scan(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (true)
        {
            var found = bytes[at..].IndexOf("\"t"u8);
            if (found < 0)
                return bytes.Length > 0 && bytes[^1] == (byte)'"' && at < bytes.Length ? bytes.Length - 1 : bytes.Length;
            at += found;
            var rest = bytes[at..];
            if (rest.Length < LongestMatch && Undecided(rest))
                return at;
            if (rest.StartsWith("\"turn.completed\""u8))
                events.Completed();
            else if (rest.StartsWith("\"text\":"u8) && EventLine.TryReadNumber(rest[7..], out var number, out _))
                events.Numbered(number);
            at += 2;
        }
    }

    private static bool Undecided(ReadOnlySpan<byte> rest) =>
        rest.StartsWith("\"text\":"u8) || "\"text\":"u8.StartsWith(rest) || "\"turn.completed\""u8.StartsWith(rest);
}
