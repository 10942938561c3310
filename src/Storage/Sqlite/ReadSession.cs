using System.Data;
using CodexOrleans.Storage.Log;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>One read-only connection with its prepared statements. One reader uses it at a time.</summary>
internal sealed class ReadSession(SqliteConnection connection) : IDisposable
{
    private const string TurnNames =
        $"{LogRows.Turn}, (SELECT id FROM threads WHERE key = turns.thread) AS {nameof(TurnRecord.ThreadId)}, {LogRows.Usage}";

    internal const string ThreadSql =
        $"""
        SELECT {LogRows.Thread},
            (SELECT id FROM turns WHERE thread = threads.key AND status = 0) AS {nameof(ThreadRecord.RunningTurnId)}, {LogRows.Usage}
        FROM threads WHERE id = $id
        """;

    internal const string TurnSql = $"SELECT {TurnNames} FROM turns WHERE id = $id";

    internal const string TurnsSql =
        $"""
        SELECT {TurnNames}
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

    internal const string RunningSql = $"SELECT {TurnNames} FROM turns WHERE status = 0";

    private const string SecretSql = "SELECT value FROM secrets WHERE name = $name";

    private const string EndedSessionsSql =
        $"""
        SELECT id AS {nameof(EndedSession.Id)}, expires_at AS {nameof(EndedSession.ExpiresAt)}
        FROM ended_browser_sessions WHERE ended_at > $since
        """;

    private readonly Statement _thread = new(connection, ThreadSql, "$id");
    private readonly Statement _turn = new(connection, TurnSql, "$id");
    private readonly Statement _turns = new(connection, TurnsSql, "$id", "$before", "$limit");
    private readonly Statement _chunks = new(connection, ChunksSql, "$id", "$after");
    private readonly Statement _chunk = new(connection, ChunkSql, "$key");
    private readonly Statement _size = new(connection, SizeSql, "$id", "$limit");
    private readonly Statement _running = new(connection, RunningSql);
    private readonly Statement _secret = new(connection, SecretSql, "$name");
    private readonly Statement _endedSessions = new(connection, EndedSessionsSql, "$since");

    static ReadSession() => SqlMapper.AddTypeHandler(new IdColumn());

    /// <param name="tail">The thread's tail, taken before this call.</param>
    public ThreadRecord? ReadThread(Guid threadId, ThreadTail? tail)
    {
        using var row = _thread.Query(Key(threadId));
        var thread = List<ThreadRecord, TokenUsage>(row, LogRows.With).SingleOrDefault();
        return thread is not null && tail?.Head > thread.HeadSeq ? thread with { HeadSeq = tail.Head } : thread;
    }

    public TurnRecord? ReadTurn(Guid turnId)
    {
        using var row = _turn.Query(Key(turnId));
        return ListTurns(row).SingleOrDefault();
    }

    public IReadOnlyList<TurnRecord> ReadTurns(Guid threadId, int limit, long? before)
    {
        using var row = _turns.Query(Key(threadId), before ?? long.MaxValue, limit);
        return ListTurns(row);
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
        using var row = _running.Query();
        return ListTurns(row);
    }

    public byte[] ReadSecret(string name) => (byte[])_secret.ExecuteScalar(name)!;

    /// <param name="since">Unix milliseconds.</param>
    public IReadOnlyList<EndedSession> ReadEndedSessions(long since)
    {
        using var row = _endedSessions.Query(since);
        return [.. row.Parse<EndedSession>()];
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

    private static List<TurnRecord> ListTurns(SqliteDataReader row) => List<TurnRecord, TokenUsage?>(row, LogRows.With);

    private static List<T> List<T, TUsage>(SqliteDataReader row, Func<T, TUsage, T> with)
    {
        var rows = new List<T>();
        if (!row.Read())
            return rows;
        var usageFrom = row.GetOrdinal(LogRows.FirstOfUsage);
        var record = row.GetRowParser<T>(length: usageFrom);
        var usage = row.GetRowParser<TUsage>(startIndex: usageFrom, returnNullIfFirstMissing: true);
        do
            rows.Add(with(record(row), usage(row)));
        while (row.Read());
        return rows;
    }

    private static byte[] Key(Guid id) => id.ToByteArray(bigEndian: true);

    private static Guid Id(SqliteDataReader row, int column) => new(row.GetFieldValue<byte[]>(column), bigEndian: true);

    /// <summary>
    /// Ids are stored as bytes here. Dapper has one handler for each type, which other databases in this process get too.
    /// </summary>
    private sealed class IdColumn : SqlMapper.TypeHandler<Guid>
    {
        public override Guid Parse(object value) => value is byte[] bytes ? new Guid(bytes, bigEndian: true) : (Guid)value;

        public override void SetValue(IDbDataParameter parameter, Guid value) => parameter.Value = value;
    }

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
