using CodexOrleans.Storage.Data;
using Dapper;
using Npgsql;

namespace CodexOrleans.Storage.Postgres.Cluster;

/// <summary>Keeps each record in the parts in which it grew.</summary>
public sealed class PostgresSessionArchive(NpgsqlDataSource database) : ISessionArchive
{
    private const int PartBytes = 1 << 20;

    private const string Names = "codex_thread_id AS CodexThreadId, path AS Path, length AS Length, turn_id AS TurnId";

    // An owner that lost the thread must not put its older record over a newer one. Which turn is newer its place in the log says: ids of
    // turns come from the nodes' clocks. A turn that is not seen here began after this statement.
    private const string TakeSql =
        $"""
        INSERT INTO sessions AS s (thread_id, codex_thread_id, path, length, turn_id)
        SELECT thread_id, @codexThreadId, @path, 0, id FROM turns WHERE id = @turnId AND thread_id = @threadId
        ON CONFLICT (thread_id) DO UPDATE SET turn_id = @turnId
        WHERE (SELECT first_seq FROM turns WHERE id = s.turn_id) <= (SELECT first_seq FROM turns WHERE id = @turnId)
        RETURNING {Names}
        """;

    private const string SetSql =
        "UPDATE sessions SET codex_thread_id = @codexThreadId, path = @path, length = @length WHERE thread_id = @threadId";

    private const string DropPartsSql = "DELETE FROM session_parts WHERE thread_id = @threadId";
    private const string AddPartSql = "INSERT INTO session_parts (thread_id, first_byte, content) VALUES (@threadId, @from, @content)";

    private const string FindSql = $"SELECT {Names} FROM sessions WHERE thread_id = @threadId";

    private const string PartsSql = "SELECT content FROM session_parts WHERE thread_id = @threadId ORDER BY first_byte";

    public bool IsShared => true;

    public Task Keep(Guid threadId, string codexThreadId, Guid turnId, string path, Stream record) => database.Use(async connection =>
    {
        await using var transaction = await connection.BeginTransactionAsync();
        var taken = await connection.QueryFirstOrDefaultAsync<ArchivedSession>(TakeSql, new { threadId, codexThreadId, path, turnId });
        if (taken is null)
            return false;
        var from = taken.CodexThreadId == codexThreadId && taken.Path == path && taken.Length <= record.Length ? taken.Length : 0;
        if (from == 0)
            await connection.ExecuteAsync(DropPartsSql, new { threadId });
        record.Position = from;
        var buffer = new byte[(int)Math.Min(PartBytes, Math.Max(1, record.Length - from))];
        int count;
        for (; (count = await ReadPart(threadId, record, buffer)) > 0; from += count)
            await connection.ExecuteAsync(AddPartSql, new { threadId, from, content = buffer[..count] });
        await connection.ExecuteAsync(SetSql, new { threadId, codexThreadId, path, length = from });
        await transaction.CommitAsync();
        return true;
    });

    public Task<ArchivedSession?> Find(Guid threadId) => database.Find<ArchivedSession>(FindSql, new { threadId });

    public Task CopyTo(Guid threadId, Stream destination) => database.Use(async connection =>
    {
        await foreach (var part in connection.QueryUnbufferedAsync<byte[]>(PartsSql, new { threadId }))
            await destination.WriteAsync(part);
        return true;
    });

    /// <summary>The driver throws the same type of exception as the file would.</summary>
    private static async Task<int> ReadPart(Guid threadId, Stream record, byte[] buffer)
    {
        try
        {
            return await record.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (IOException e)
        {
            throw new StorageException(StorageFault.Other, $"The CLI's record of thread {threadId} cannot be read ({e.Message}).", e);
        }
    }
}
