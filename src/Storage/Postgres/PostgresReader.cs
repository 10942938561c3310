using CodexOrleans.Storage.Log;
using Dapper;
using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>Reads of the log, each on a connection of the pool.</summary>
/// <remarks>All methods throw <see cref="StorageException"/> when the database cannot be read.</remarks>
internal sealed class PostgresReader(NpgsqlDataSource database)
{
    private const string TurnNames = $"{LogRows.Turn}, thread_id AS {nameof(TurnRecord.ThreadId)}, {LogRows.Usage}";

    internal const string ThreadSql =
        $"""
        SELECT {LogRows.Thread},
            (SELECT turns.id FROM turns WHERE thread_id = threads.id AND status = 0) AS {nameof(ThreadRecord.RunningTurnId)},
            {LogRows.Usage}
        FROM threads WHERE id = @id
        """;

    internal const string TurnSql = $"SELECT {TurnNames} FROM turns WHERE id = @id";

    internal const string TurnsSql =
        $"SELECT {TurnNames} FROM turns WHERE thread_id = @id AND first_seq < @before ORDER BY first_seq DESC LIMIT @limit";

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

    internal const string SizeSql =
        """
        SELECT count(*), coalesce(sum(bytes), 0)::bigint
        FROM (SELECT octet_length(lines) AS bytes FROM chunks WHERE thread_id = @id LIMIT @limit) AS sizes
        """;

    internal const string RunningSql = $"SELECT {TurnNames} FROM turns WHERE status = 0";

    private const string SecretSql = "SELECT value FROM secrets WHERE name = @name";

    private const string AllEndedSessionsSql =
        $"SELECT id AS {nameof(EndedSession.Id)}, expires_at AS {nameof(EndedSession.ExpiresAt)} FROM ended_browser_sessions";

    private const string EndedSessionsSql = $"{AllEndedSessionsSql} WHERE ended_at > now() - @within";

    public async Task<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken) =>
        (await List<ThreadRecord, TokenUsage>(ThreadSql, new { id = threadId }, LogRows.With, cancellationToken)).SingleOrDefault();

    public async Task<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken) =>
        (await ListTurns(TurnSql, new { id = turnId }, cancellationToken)).SingleOrDefault();

    public Task<IReadOnlyList<TurnRecord>> ReadTurns(Guid threadId, int limit, long? before, CancellationToken cancellationToken) =>
        ListTurns(TurnsSql, new { id = threadId, before = before ?? long.MaxValue, limit }, cancellationToken);

    public Task<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken) =>
        ListTurns(RunningSql, null, cancellationToken);

    public Task<IReadOnlyList<LogChunk>> ReadChunks(Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken) =>
        database.Use<IReadOnlyList<LogChunk>>(
            async connection =>
            {
                await using var command = new NpgsqlCommand(ChunksSql, connection);
                command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = threadId });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = afterSeq });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = maxBytes });
                await using var row = await command.ExecuteReaderAsync(cancellationToken);
                var chunks = new List<LogChunk>();
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
            },
            cancellationToken);

    /// <summary>How many chunks a thread has and how many bytes are in them, counted up to <paramref name="limit"/> chunks.</summary>
    public Task<(long Chunks, long Bytes)> ReadSize(Guid threadId, int limit, CancellationToken cancellationToken) =>
        database.Find<(long, long)>(SizeSql, new { id = threadId, limit }, cancellationToken);

    public async Task<byte[]> ReadSecret(string name, CancellationToken cancellationToken) =>
        (await database.Find<byte[]>(SecretSql, new { name }, cancellationToken))!;

    public Task<IReadOnlyList<EndedSession>> ReadEndedSessions(TimeSpan? within, CancellationToken cancellationToken) => within is { } time
        ? database.List<EndedSession>(EndedSessionsSql, new { within = time }, cancellationToken)
        : database.List<EndedSession>(AllEndedSessionsSql, cancellationToken: cancellationToken);

    private Task<IReadOnlyList<TurnRecord>> ListTurns(string sql, object? values, CancellationToken cancellationToken) =>
        List<TurnRecord, TokenUsage?>(sql, values, LogRows.With, cancellationToken);

    private Task<IReadOnlyList<T>> List<T, TUsage>(
        string sql, object? values, Func<T, TUsage, T> with, CancellationToken cancellationToken) =>
        database.Use<IReadOnlyList<T>>(
            async connection =>
            {
                var command = new CommandDefinition(sql, values, cancellationToken: cancellationToken);
                return (await connection.QueryAsync(command, with, LogRows.FirstOfUsage)).AsList();
            },
            cancellationToken);
}
