using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>One read-only connection with its prepared statements. One reader uses it at a time.</summary>
internal sealed class ReadSession(SqliteConnection connection) : IDisposable
{
    internal const string UsageNames = "input_tokens, cached_input_tokens, cache_write_input_tokens, output_tokens, reasoning_output_tokens";

    internal const string ThreadSql =
        $"""
        SELECT generation, head_seq, codex_thread_id, options, created_at, updated_at,
            (SELECT id FROM turns WHERE thread = threads.key AND status = 0), {UsageNames}
        FROM threads WHERE id = $id
        """;

    internal const string TurnSql =
        $"""
        SELECT id, status, owner, first_seq, last_seq, started_at, ended_at, error_code, error_message, {UsageNames},
            (SELECT id FROM threads WHERE key = turns.thread)
        FROM turns WHERE id = $id
        """;

    internal const string TurnsSql =
        $"""
        SELECT id, status, owner, first_seq, last_seq, started_at, ended_at, error_code, error_message, {UsageNames}
        FROM turns WHERE thread = (SELECT key FROM threads WHERE id = $id) AND first_seq < $before
        ORDER BY first_seq DESC LIMIT $limit
        """;

    // The inner query finds the chunk that holds the first event asked for: it may begin before it.
    internal const string ChunksSql =
        """
        SELECT chunks.first_seq, last_seq, turn_id, at, kind, lines, length(lines)
        FROM chunk_index JOIN chunks ON chunks.key = chunk_index.chunk
        WHERE chunk_index.thread = (SELECT key FROM threads WHERE id = $id)
            AND chunk_index.first_seq >= coalesce((SELECT first_seq FROM chunk_index
                WHERE thread = (SELECT key FROM threads WHERE id = $id) AND first_seq <= $after
                ORDER BY first_seq DESC LIMIT 1), 0)
            AND last_seq > $after
        ORDER BY chunk_index.first_seq
        """;

    internal const string ChunkSql = "SELECT first_seq, last_seq, turn_id, at, kind, lines, length(lines) FROM chunks WHERE key = $key";

    // Stops counting once it is too many. The length of a blob is known without reading it.
    internal const string SizeSql =
        """
        SELECT count(*), coalesce(sum(bytes), 0)
        FROM (SELECT length(lines) AS bytes FROM chunk_index JOIN chunks ON chunks.key = chunk_index.chunk
            WHERE chunk_index.thread = (SELECT key FROM threads WHERE id = $id) LIMIT $limit)
        """;

    internal const string RunningSql =
        $"""
        SELECT id, status, owner, first_seq, last_seq, started_at, ended_at, error_code, error_message, {UsageNames},
            (SELECT id FROM threads WHERE key = turns.thread)
        FROM turns WHERE status = 0
        """;

    private const string SecretSql = "SELECT value FROM secrets WHERE name = $name";

    private const string EndedSessionsSql = "SELECT id, expires_at FROM ended_browser_sessions WHERE ended_at > $since";

    private readonly Statement _thread = new(connection, ThreadSql, "$id");
    private readonly Statement _turn = new(connection, TurnSql, "$id");
    private readonly Statement _turns = new(connection, TurnsSql, "$id", "$before", "$limit");
    private readonly Statement _chunks = new(connection, ChunksSql, "$id", "$after");
    private readonly Statement _chunk = new(connection, ChunkSql, "$key");
    private readonly Statement _size = new(connection, SizeSql, "$id", "$limit");
    private readonly Statement _running = new(connection, RunningSql);
    private readonly Statement _secret = new(connection, SecretSql, "$name");
    private readonly Statement _endedSessions = new(connection, EndedSessionsSql, "$since");

    /// <param name="tail">The thread's tail, taken before this call.</param>
    public ThreadRecord? ReadThread(Guid threadId, ThreadTail? tail)
    {
        using var row = _thread.Query(Key(threadId));
        if (!row.Read())
            return null;
        return new ThreadRecord
        {
            Id = threadId,
            Generation = row.GetInt64(0),
            HeadSeq = Math.Max(row.GetInt64(1), tail?.Head ?? 0),
            CodexThreadId = Text(row, 2),
            Options = row.GetString(3),
            CreatedAt = row.GetInt64(4),
            UpdatedAt = row.GetInt64(5),
            RunningTurnId = row.IsDBNull(6) ? null : Id(row, 6),
            CumulativeUsage = Usage(row, 7)!,
        };
    }

    public TurnRecord? ReadTurn(Guid turnId)
    {
        using var row = _turn.Query(Key(turnId));
        return row.Read() ? Turn(row, Id(row, 14)) : null;
    }

    public IReadOnlyList<TurnRecord> ReadTurns(Guid threadId, int limit, long? before)
    {
        var turns = new List<TurnRecord>();
        using var row = _turns.Query(Key(threadId), before ?? long.MaxValue, limit);
        while (row.Read())
            turns.Add(Turn(row, threadId));
        return turns;
    }

    /// <param name="tail">The thread's tail, taken before this call.</param>
    public IReadOnlyList<LogChunk> ReadChunks(Guid threadId, long afterSeq, int maxBytes, ThreadTail? tail)
    {
        var page = new ChunkPage(maxBytes);
        using (var row = _chunks.Query(Key(threadId), afterSeq))
        {
            while (row.Read())
            {
                if (!page.TryAdd(row))
                    return page.Chunks;
            }
        }

        // Some of the tail may have gone into the index since it was taken.
        var last = page.Chunks is [.., var indexed] ? indexed.LastSeq : afterSeq;
        foreach (var chunk in tail is null ? [] : tail.Chunks)
        {
            if (chunk.LastSeq <= last)
                continue;
            using var row = _chunk.Query(chunk.Key);
            if (!row.Read() || !page.TryAdd(row))
                break;
        }

        return page.Chunks;
    }

    /// <summary>How many chunks a thread has and how many bytes are in them, counted up to about <paramref name="limit"/> chunks.</summary>
    /// <param name="tail">The thread's tail, taken before this call.</param>
    public (long Chunks, long Bytes) ReadSize(Guid threadId, int limit, ThreadTail? tail)
    {
        long chunks, bytes;
        using (var row = _size.Query(Key(threadId), limit))
        {
            row.Read();
            (chunks, bytes) = (row.GetInt64(0), row.GetInt64(1));
        }

        foreach (var chunk in tail is null ? [] : tail.Chunks)
        {
            using var row = _chunk.Query(chunk.Key);
            if (row.Read())
                (chunks, bytes) = (chunks + 1, bytes + row.GetInt64(6));
        }

        return (chunks, bytes);
    }

    public IReadOnlyList<TurnRecord> ReadRunningTurns()
    {
        var turns = new List<TurnRecord>();
        using var row = _running.Query();
        while (row.Read())
            turns.Add(Turn(row, Id(row, 14)));
        return turns;
    }

    public byte[] ReadSecret(string name) => (byte[])_secret.ExecuteScalar(name)!;

    /// <param name="since">Unix milliseconds.</param>
    public IReadOnlyList<EndedSession> ReadEndedSessions(long since)
    {
        var sessions = new List<EndedSession>();
        using var row = _endedSessions.Query(since);
        while (row.Read())
            sessions.Add(new EndedSession(Id(row, 0), row.GetInt64(1)));
        return sessions;
    }

    public void Dispose()
    {
        _thread.Dispose();
        _turn.Dispose();
        _turns.Dispose();
        _chunks.Dispose();
        _chunk.Dispose();
        _size.Dispose();
        _running.Dispose();
        _secret.Dispose();
        _endedSessions.Dispose();
        connection.Dispose();
    }

    private static TurnRecord Turn(SqliteDataReader row, Guid threadId) => new()
    {
        Id = Id(row, 0),
        ThreadId = threadId,
        Status = (TurnStatus)row.GetInt32(1),
        Owner = row.GetString(2),
        FirstSeq = row.GetInt64(3),
        LastSeq = row.IsDBNull(4) ? null : row.GetInt64(4),
        StartedAt = row.GetInt64(5),
        EndedAt = row.IsDBNull(6) ? null : row.GetInt64(6),
        ErrorCode = Text(row, 7),
        ErrorMessage = Text(row, 8),
        Usage = Usage(row, 9),
    };

    private static TokenUsage? Usage(SqliteDataReader row, int first) => row.IsDBNull(first) ? null : new TokenUsage
    {
        InputTokens = row.GetInt64(first),
        CachedInputTokens = row.GetInt64(first + 1),
        CacheWriteInputTokens = row.GetInt64(first + 2),
        OutputTokens = row.GetInt64(first + 3),
        ReasoningOutputTokens = row.GetInt64(first + 4),
    };

    private static byte[] Key(Guid id) => id.ToByteArray(bigEndian: true);

    private static Guid Id(SqliteDataReader row, int column) => new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>Collects the chunks of one page: one at least, then as many as fit.</summary>
    private sealed class ChunkPage(int maxBytes)
    {
        private readonly List<LogChunk> _chunks = [];
        private long _bytes;

        public IReadOnlyList<LogChunk> Chunks => _chunks;

        public bool TryAdd(SqliteDataReader row)
        {
            // Asked of the database, which need not read the lines for it.
            _bytes += row.GetInt64(6);
            if (_chunks.Count > 0 && _bytes > maxBytes)
                return false;
            _chunks.Add(new LogChunk
            {
                FirstSeq = row.GetInt64(0),
                LastSeq = row.GetInt64(1),
                TurnId = Id(row, 2),
                At = row.GetInt64(3),
                Kind = row.GetByte(4),
                Lines = row.GetFieldValue<byte[]>(5),
            });
            return true;
        }
    }
}
