namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// The chunks at a thread's end that are in the log and not in its index yet. Never changes: the next commit makes another one.
/// </summary>
internal sealed class ThreadTail
{
    private const int FirstCapacity = 4;

    // Shared with the tail before this one, which knows fewer of them.
    private readonly TailChunk[] _chunks;
    private readonly int _count;

    private ThreadTail(long thread, long generation, long head, TailChunk[] chunks, int count)
    {
        Thread = thread;
        Generation = generation;
        Head = head;
        _chunks = chunks;
        _count = count;
    }

    /// <summary>A tail of a thread whose chunks are all in the index.</summary>
    public ThreadTail(long thread, long generation, long head)
        : this(thread, generation, head, [], 0)
    {
    }

    /// <summary>The thread's key in the database.</summary>
    public long Thread { get; }

    public long Generation { get; }

    /// <summary>Number of the thread's last event.</summary>
    public long Head { get; }

    public ReadOnlySpan<TailChunk> Chunks => _chunks.AsSpan(0, _count);

    public ThreadTail OwnedBy(long generation) => new(Thread, generation, Head, _chunks, _count);

    /// <summary>This tail and one chunk more. One writer makes them; of two made from the same tail only the last is valid.</summary>
    public ThreadTail With(TailChunk chunk)
    {
        var chunks = _chunks;
        if (_count == chunks.Length)
        {
            chunks = new TailChunk[Math.Max(FirstCapacity, 2 * _count)];
            Chunks.CopyTo(chunks);
        }

        chunks[_count] = chunk;
        return new(Thread, Generation, chunk.LastSeq, chunks, _count + 1);
    }
}

/// <summary>Where a chunk is.</summary>
/// <param name="Key">Its key in the database.</param>
internal readonly record struct TailChunk(long FirstSeq, long LastSeq, long Key);
