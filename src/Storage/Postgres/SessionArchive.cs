using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>The CLI's own records of its sessions as all nodes have them: a file per thread, kept in the parts in which it grew.</summary>
public sealed class SessionArchive(NpgsqlDataSource database)
{
    private const int PartBytes = 1 << 20;

    // An owner that lost the thread must not put its older record over a newer one. Which turn is newer its place in the log says: ids of
    // turns come from the nodes' clocks. A turn that is not seen here began after this statement.
    private const string TakeSql =
        """
        INSERT INTO sessions AS s (thread_id, codex_thread_id, path, length, turn_id)
        SELECT thread_id, $2, $3, 0, id FROM turns WHERE id = $4 AND thread_id = $1
        ON CONFLICT (thread_id) DO UPDATE SET turn_id = $4
        WHERE (SELECT first_seq FROM turns WHERE id = s.turn_id) <= (SELECT first_seq FROM turns WHERE id = $4)
        RETURNING codex_thread_id, path, length
        """;

    private const string SetSql = "UPDATE sessions SET codex_thread_id = $2, path = $3, length = $4 WHERE thread_id = $1";
    private const string DropPartsSql = "DELETE FROM session_parts WHERE thread_id = $1";
    private const string AddPartSql = "INSERT INTO session_parts (thread_id, first_byte, content) VALUES ($1, $2, $3)";
    private const string FindSql = "SELECT codex_thread_id, path, length, turn_id FROM sessions WHERE thread_id = $1";
    private const string PartsSql = "SELECT content FROM session_parts WHERE thread_id = $1 ORDER BY first_byte";

    /// <summary>Keeps what a record has grown by since it was kept last; all of it when it is another one.</summary>
    /// <param name="turnId">The last turn that is in it. Nothing is kept if the log has no such turn, or a later one's record is kept.</param>
    /// <param name="path">Its file, relative to the CLI's folder of records.</param>
    /// <exception cref="StorageException">The database cannot be written; nothing is kept.</exception>
    /// <exception cref="IOException">The file cannot be read; nothing is kept.</exception>
    public Task Keep(Guid threadId, string codexThreadId, Guid turnId, string path, Stream record) => Reach(async () =>
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (await Take(connection, threadId, codexThreadId, path, turnId) is not { } known)
            return true;
        var from = known.CodexThreadId == codexThreadId && known.Path == path && known.Length <= record.Length ? known.Length : 0;
        if (from == 0)
            await Execute(connection, DropPartsSql, threadId);
        record.Position = from;
        var buffer = new byte[(int)Math.Min(PartBytes, Math.Max(1, record.Length - from))];
        int count;
        for (; (count = await record.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false)) > 0; from += count)
            await Execute(connection, AddPartSql, threadId, from, buffer[..count]);
        await Execute(connection, SetSql, threadId, codexThreadId, path, from);
        await transaction.CommitAsync();
        return true;
    });

    /// <summary>What is kept of a thread's session, or null.</summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public Task<ArchivedSession?> Find(Guid threadId) => Reach(async () =>
    {
        await using var command = database.CreateCommand(FindSql);
        command.Parameters.Add(new NpgsqlParameter { Value = threadId });
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? new ArchivedSession(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetGuid(3)) : null;
    });

    /// <summary>Writes the whole record to <paramref name="destination"/>.</summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public Task CopyTo(Guid threadId, Stream destination) => Reach(async () =>
    {
        await using var command = database.CreateCommand(PartsSql);
        command.Parameters.Add(new NpgsqlParameter { Value = threadId });
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
            await destination.WriteAsync(row.GetFieldValue<byte[]>(0));
        return true;
    });

    private static async Task<(string CodexThreadId, string Path, long Length)?> Take(NpgsqlConnection connection, Guid threadId, string codexThreadId, string path, Guid turnId)
    {
        await using var command = Command(connection, TakeSql, threadId, codexThreadId, path, turnId);
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetString(0), row.GetString(1), row.GetInt64(2)) : null;
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = Command(connection, sql, values);
        await command.ExecuteNonQueryAsync();
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private async Task<T> Reach<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (NpgsqlException e)
        {
            throw PostgresFaults.ToStorageException(e, $"{new NpgsqlConnectionStringBuilder(database.ConnectionString).Host}");
        }
    }
}

/// <summary>A kept record.</summary>
/// <param name="CodexThreadId">The CLI's id of the session.</param>
/// <param name="Path">The file, relative to the CLI's folder of records.</param>
/// <param name="Length">Bytes.</param>
/// <param name="TurnId">The last turn that is in it.</param>
public sealed record ArchivedSession(string CodexThreadId, string Path, long Length, Guid TurnId);
