namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// The index of chunks, and with it the heads of threads, follow the log at a distance: a commit adds to the log alone, and a thread's
/// chunks go into the index together, when its turn ends or when they have become many. Until then the tails know them.
/// </summary>
internal sealed partial class WriteSession
{
    private readonly IndexLimits _limits;
    private readonly Statement _version, _addToIndex, _moveHead, _unindexed, _lastKeys, _setIndexed;

    // Another connection has committed since when this differs from the database's own: then what is known here is out of date.
    private long? _knownVersion;
    private long _lastKey, _lastKeyCommitted;
    private long _indexed, _indexedCommitted;

    private void PrepareIndex(
        out Statement version, out Statement addToIndex, out Statement moveHead, out Statement unindexed, out Statement lastKeys,
        out Statement setIndexed)
    {
        version = Prepare("PRAGMA data_version");
        addToIndex = Prepare(
            "INSERT INTO chunk_index (thread, first_seq, chunk) VALUES ($thread, $first, $chunk) ON CONFLICT DO NOTHING",
            "$thread", "$first", "$chunk");
        moveHead = Prepare("UPDATE threads SET head_seq = max(head_seq, $head) WHERE key = $thread", "$thread", "$head");
        unindexed = Prepare("SELECT thread, first_seq, last_seq, key FROM chunks WHERE key > $indexed ORDER BY key", "$indexed");
        lastKeys = Prepare("SELECT chunk, (SELECT coalesce(max(key), 0) FROM chunks) FROM indexed");
        setIndexed = Prepare("UPDATE indexed SET chunk = $chunk", "$chunk");
    }

    /// <summary>
    /// Makes the index whole when it may not be: at the start, which may follow a crash, and when another process has written.
    /// </summary>
    private void Restore()
    {
        var version = (long)_version.ExecuteScalar()!;
        if (version == _knownVersion)
            return;
        _knownVersion = version;
        using (var row = _lastKeys.Query())
        {
            row.Read();
            _indexed = row.GetInt64(0);
            // The last chunks may have been deleted, and their keys are behind what counts as indexed: no later chunk may have them.
            _lastKey = Math.Max(_indexed, row.GetInt64(1));
        }

        var chunks = new List<(long Thread, TailChunk Chunk)>();
        using (var row = _unindexed.Query(_indexed))
        {
            while (row.Read())
                chunks.Add((row.GetInt64(0), new TailChunk(row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))));
        }

        foreach (var (thread, chunk) in chunks)
            _addToIndex.Execute(thread, chunk.FirstSeq, chunk.Key);
        foreach (var thread in chunks.GroupBy(chunk => chunk.Thread, chunk => chunk.Chunk.LastSeq))
            _moveHead.Execute(thread.Key, thread.Max());
        _tails.Clear();
        if (_indexed != _lastKey)
            SetIndexed(_lastKey);
    }

    private void Index(Guid threadId, ThreadTail tail)
    {
        foreach (var chunk in tail.Chunks)
            _addToIndex.Execute(tail.Thread, chunk.FirstSeq, chunk.Key);
        _moveHead.Execute(tail.Thread, tail.Head);
        _tails.Set(threadId, null);
    }

    /// <summary>Puts the oldest chunks into the index when there are too many that are not all in it.</summary>
    private void IndexOld()
    {
        if (_lastKey - _indexed < _limits.NotIndexed)
            return;
        var old = _lastKey - _limits.NotIndexed / 2;
        var indexed = _lastKey;
        foreach (var (thread, tail) in _tails.AllCurrent())
        {
            if (tail.Chunks is not [var oldest, ..])
                continue;
            if (oldest.Key <= old)
                Index(thread, tail);
            else
                indexed = Math.Min(indexed, oldest.Key - 1);
        }

        SetIndexed(indexed);
    }

    /// <summary>Puts all chunks into the index.</summary>
    private void IndexAll()
    {
        foreach (var (thread, tail) in _tails.AllCurrent())
            Index(thread, tail);
        SetIndexed(_lastKey);
    }

    private void SetIndexed(long key)
    {
        _setIndexed.Execute(key);
        _indexed = key;
    }

    /// <summary>The transaction is on disk.</summary>
    private void KeepIndex()
    {
        _lastKeyCommitted = _lastKey;
        _indexedCommitted = _indexed;
        _tails.Commit();
    }

    /// <summary>The transaction never was.</summary>
    private void ForgetIndex()
    {
        _lastKey = _lastKeyCommitted;
        _indexed = _indexedCommitted;
        // What was restored in it was undone with it; once more costs little.
        _knownVersion = null;
        _tails.Rollback();
    }
}

/// <summary>When chunks go into the index.</summary>
/// <param name="InTail">Chunks of one thread: so many fill pages of their own.</param>
/// <param name="NotIndexed">
/// At most about so many chunks at the log's end are not all in the index, however slowly some threads write: a start after a crash looks
/// at all of them, at about a microsecond each.
/// </param>
internal sealed record IndexLimits(int InTail = 64, int NotIndexed = 65_536);
