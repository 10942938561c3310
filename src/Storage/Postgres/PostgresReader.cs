using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>Reads of the log, each on a connection of the pool.</summary>
internal sealed class PostgresReader(NpgsqlDataSource database)
{
    private const string UsageNames = "input_tokens, cached_input_tokens, cache_write_input_tokens, output_tokens, reasoning_output_tokens";
    private const string TurnNames = $"id, thread_id, status, owner, first_seq, last_seq, started_at, ended_at, error_code, error_message, {UsageNames}";

    internal const string ThreadSql =
        $"""
        SELECT generation, head_seq, codex_thread_id, options, created_at, updated_at,
            (SELECT turns.id FROM turns WHERE thread_id = threads.id AND status = 0), {UsageNames}
        FROM threads WHERE id = $1
        """;

    internal const string TurnSql = $"SELECT {TurnNames} FROM turns WHERE id = $1";

    internal const string TurnsSql = $"SELECT {TurnNames} FROM turns WHERE thread_id = $1 AND first_seq < $2 ORDER BY first_seq DESC LIMIT $3";

    // The innermost query finds the chunk that holds the first event asked for: it may begin before it. The sum is over the rows of one
    // page at most, and the length of a value is known without reading it.
    internal const string ChunksSql =
        """
        SELECT first_seq, last_seq, turn_id, at, kind, lines FROM (
            SELECT *, sum(octet_length(lines)) OVER (ORDER BY first_seq) AS total, row_number() OVER (ORDER BY first_seq) AS number FROM (
                SELECT * FROM chunks WHERE thread_id = $1 AND last_seq > $2 AND first_seq >= coalesce(
                    (SELECT first_seq FROM chunks WHERE thread_id = $1 AND first_seq <= $2 ORDER BY first_seq DESC LIMIT 1), 0)
                ORDER BY first_seq LIMIT 1024) AS page) AS sized
        WHERE total <= $3 OR number = 1 ORDER BY first_seq
        """;

    internal const string SizeSql = "SELECT count(*), coalesce(sum(bytes), 0)::bigint FROM (SELECT octet_length(lines) AS bytes FROM chunks WHERE thread_id = $1 LIMIT $2) AS sizes";

    internal const string RunningSql = $"SELECT {TurnNames} FROM turns WHERE status = 0";

    private const string SecretSql = "SELECT value FROM secrets WHERE name = $1";

    private const string EndedSessionsSql = "SELECT id, expires_at FROM ended_browser_sessions WHERE ended_at > now() - $1";
    private const string AllEndedSessionsSql = "SELECT id, expires_at FROM ended_browser_sessions";

    public async ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = Command(ThreadSql, threadId);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return null;
        return new ThreadRecord
        {
            Id = threadId,
            Generation = row.GetInt64(0),
            HeadSeq = row.GetInt64(1),
            CodexThreadId = Text(row, 2),
            Options = row.GetString(3),
            CreatedAt = row.GetInt64(4),
            UpdatedAt = row.GetInt64(5),
            RunningTurnId = row.IsDBNull(6) ? null : row.GetGuid(6),
            CumulativeUsage = Usage(row, 7)!,
        };
    }

    public async ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken)
    {
        await using var command = Command(TurnSql, turnId);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? Turn(row) : null;
    }

    public async ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(Guid threadId, int limit, long? before, CancellationToken cancellationToken)
    {
        var turns = new List<TurnRecord>();
        await using var command = Command(TurnsSql, threadId, before ?? long.MaxValue, limit);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            turns.Add(Turn(row));
        return turns;
    }

    public async ValueTask<IReadOnlyList<LogChunk>> ReadChunks(Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken)
    {
        var chunks = new List<LogChunk>();
        await using var command = Command(ChunksSql, threadId, afterSeq, (long)maxBytes);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            chunks.Add(new LogChunk
            {
                FirstSeq = row.GetInt64(0),
                LastSeq = row.GetInt64(1),
                TurnId = row.GetGuid(2),
                At = row.GetInt64(3),
                Kind = (byte)row.GetInt16(4),
                Lines = row.GetFieldValue<byte[]>(5),
            });
        }

        return chunks;
    }

    /// <summary>How many chunks a thread has and how many bytes are in them, counted up to <paramref name="limit"/> chunks.</summary>
    public async ValueTask<(long Chunks, long Bytes)> ReadSize(Guid threadId, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(SizeSql, threadId, limit);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    public async ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken)
    {
        var turns = new List<TurnRecord>();
        await using var command = Command(RunningSql);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            turns.Add(Turn(row));
        return turns;
    }

    public async ValueTask<byte[]> ReadSecret(string name, CancellationToken cancellationToken)
    {
        await using var command = Command(SecretSql, name);
        return (byte[])(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask<IReadOnlyList<EndedSession>> ReadEndedSessions(TimeSpan? within, CancellationToken cancellationToken)
    {
        var sessions = new List<EndedSession>();
        await using var command = within is { } time ? Command(EndedSessionsSql, time) : Command(AllEndedSessionsSql);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            sessions.Add(new EndedSession(row.GetGuid(0), row.GetInt64(1)));
        return sessions;
    }

    private NpgsqlCommand Command(string sql, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static TurnRecord Turn(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        ThreadId = row.GetGuid(1),
        Status = (TurnStatus)row.GetInt16(2),
        Owner = row.GetString(3),
        FirstSeq = row.GetInt64(4),
        LastSeq = row.IsDBNull(5) ? null : row.GetInt64(5),
        StartedAt = row.GetInt64(6),
        EndedAt = row.IsDBNull(7) ? null : row.GetInt64(7),
        ErrorCode = Text(row, 8),
        ErrorMessage = Text(row, 9),
        Usage = Usage(row, 10),
    };

    private static TokenUsage? Usage(NpgsqlDataReader row, int first) => row.IsDBNull(first) ? null : new TokenUsage
    {
        InputTokens = row.GetInt64(first),
        CachedInputTokens = row.GetInt64(first + 1),
        CacheWriteInputTokens = row.GetInt64(first + 2),
        OutputTokens = row.GetInt64(first + 3),
        ReasoningOutputTokens = row.GetInt64(first + 4),
    };

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
