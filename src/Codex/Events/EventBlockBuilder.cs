namespace CodexOrleans.Codex.Events;

/// <summary>
/// Gathers the lines of one block as pieces of the read buffer and of lines written by the server, and copies each byte once,
/// into an array of the exact size.
/// </summary>
internal sealed class EventBlockBuilder
{
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private int _length;

    public int Count { get; private set; }

    /// <summary>Adds whole lines, each ended by <c>\n</c>. The memory must stay as it is until <see cref="Build"/>.</summary>
    public void Add(ReadOnlyMemory<byte> lines, int count)
    {
        if (count == 0)
            return;
        _pieces.Add(lines);
        _length += lines.Length;
        Count += count;
    }

    /// <summary>The block, or null when nothing was added; the builder is empty afterwards.</summary>
    public EventBlock? Build(string? codexThreadId, TurnOutcome? outcome)
    {
        if (Count == 0)
            return null;
        var lines = GC.AllocateUninitializedArray<byte>(_length);
        var position = 0;
        foreach (var piece in _pieces)
        {
            piece.Span.CopyTo(lines.AsSpan(position));
            position += piece.Length;
        }

        var block = new EventBlock { Lines = lines, Count = Count, CodexThreadId = codexThreadId, Outcome = outcome };
        _pieces.Clear();
        _length = 0;
        Count = 0;
        return block;
    }
}
