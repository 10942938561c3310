namespace CodexOrleans.Storage.Log;

/// <summary>Reads of the log and its tables. Safe from any process that shares the database; never blocks the writer.</summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be read.</remarks>
public interface IThreadReader
{
    /// <summary>The thread's row, or null when it has never had a turn.</summary>
    ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default);

    /// <summary>One turn, or null.</summary>
    ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default);

    /// <summary>A thread's turns, newest first.</summary>
    /// <param name="limit">At most this many.</param>
    /// <param name="before">Continue before this turn's first event; null starts at the newest.</param>
    ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(
        Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Chunks that hold events after <paramref name="afterSeq"/>, in order: at least one if there is any, then as many more as fit
    /// <paramref name="maxBytes"/>. The first chunk may begin at or before <paramref name="afterSeq"/>; the caller skips those lines.
    /// </summary>
    ValueTask<IReadOnlyList<LogChunk>> ReadChunks(
        Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default);

    /// <summary>Turns that no commit has ended, for recovery after an owner died.</summary>
    ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken = default);
}
