using System.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using Npgsql;
using NpgsqlTypes;

namespace CodexOrleans.Storage.Postgres;

/// <summary>
/// The writer's connection. A group is one batch: one round trip, one transaction. Commits that only append, which are most, go
/// together in one statement; the others are calls of a function in the database, so that what follows from the fence is decided there.
/// </summary>
internal sealed class PostgresWriteSession : IWriteSession
{
    // Checks the fence and moves the heads of many threads, and adds the chunks of those that were still owned.
    private const string AppendSql =
        """
        WITH owned AS (
            UPDATE threads SET head_seq = a.head_after
            FROM unnest($1, $2, $3, $4) AS a (id, generation, head, head_after)
            WHERE threads.id = a.id AND threads.generation = a.generation AND threads.head_seq = a.head
            RETURNING threads.id
        ), added AS (
            INSERT INTO chunks (thread_id, first_seq, last_seq, turn_id, at, kind, lines)
            SELECT c.* FROM unnest($5, $6, $7, $8, $9, $10, $11) AS c (thread_id, first_seq, last_seq, turn_id, at, kind, lines)
            JOIN owned ON owned.id = c.thread_id
        )
        SELECT id FROM owned
        """;

    private const string CommitSql =
        """
        SELECT commit_thread($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
            $25, $26, $27, $28)
        """;

    private const string DeleteSql =
        """
        WITH gone AS (
            DELETE FROM threads WHERE id = $1 AND generation = $2 AND NOT EXISTS (SELECT FROM turns WHERE thread_id = $1 AND status = 0)
            RETURNING id
        ), without_turns AS (
            DELETE FROM turns USING gone WHERE thread_id = gone.id
        ), without_chunks AS (
            DELETE FROM chunks USING gone WHERE thread_id = gone.id
        ), without_session AS (
            DELETE FROM sessions USING gone WHERE thread_id = gone.id
        ), without_session_parts AS (
            DELETE FROM session_parts USING gone WHERE thread_id = gone.id
        )
        SELECT 1 - count(*) FROM gone
        """;

    // A thread's row is locked first by whoever changes anything of it.
    private const string LockedSql =
        """
        WITH free AS (SELECT id FROM threads WHERE id = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED)
        SELECT id FROM threads WHERE id = ANY ($1) AND id NOT IN (SELECT id FROM free)
        """;

    // Whoever forgets the same ones at the same time is not waited for.
    private const string EndSessionSql =
        """
        WITH expired AS (
            SELECT id FROM ended_browser_sessions WHERE expires_at < extract(epoch FROM now()) - $3 FOR UPDATE SKIP LOCKED
        ), forgotten AS (
            DELETE FROM ended_browser_sessions USING expired WHERE ended_browser_sessions.id = expired.id
        ), ended AS (
            INSERT INTO ended_browser_sessions (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING
        )
        SELECT 0
        """;

    private const string ProbeSql = "SELECT probe_log($1)";

    private readonly NpgsqlConnection _connection;
    private readonly List<PendingCommit> _appends = [];
    private readonly HashSet<Guid> _appending = [];

    public PostgresWriteSession(NpgsqlConnection connection) => _connection = connection;

    public PendingCommit? Culprit { get; private set; }

    public void Write(IReadOnlyList<PendingCommit> group, long now)
    {
        Culprit = null;
        EnsureConnected();
        _appends.Clear();
        _appending.Clear();
        using var batch = _connection.CreateBatch();
        var steps = Fill(batch, group, now);
        var answered = 0;
        try
        {
            using var reader = batch.ExecuteReader();
            for (; answered < steps.Count; answered++)
            {
                if (answered > 0)
                    reader.NextResult();
                ReadOutcome(reader, batch.BatchCommands[answered].CommandText, steps[answered]);
            }
        }
        catch (PostgresException e) when (!PostgresFaults.BreaksConnection(e))
        {
            // The database has refused the batch: nothing of it is there.
            Culprit = answered < steps.Count && steps[answered] is [var only] ? only : null;
            throw;
        }
        catch (Exception)
        {
            // No answer came, or that of a server that goes away. It may be there or not, whatever later tries are told.
            foreach (var pending in group)
            {
                if (pending.Commit is { } commit)
                    commit.MayBeThere = true;
            }

            throw;
        }
    }

    public IReadOnlyCollection<Guid> FindLocked(Guid[] threads)
    {
        EnsureConnected();
        using var command = new NpgsqlCommand(LockedSql, _connection);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = threads });
        using var row = command.ExecuteReader();
        var locked = new List<Guid>();
        while (row.Read())
            locked.Add(row.GetGuid(0));
        return locked;
    }

    /// <summary>
    /// A connection may be lost between two groups, and be known to be: the driver looks after one that rests. It says of it what it says
    /// of a mistake in the program, and a mistake would not be worth another try.
    /// </summary>
    private void EnsureConnected()
    {
        if (_connection.State != ConnectionState.Open)
            throw new NpgsqlException("The connection was lost while nothing was written.");
    }

    /// <summary>The database has undone what failed: a batch is one transaction.</summary>
    public void Rollback()
    {
    }

    public void AfterGroup()
    {
    }

    public void Finish()
    {
    }

    public void Dispose() => _connection.Dispose();

    /// <returns>Whose outcome each command tells.</returns>
    private List<PendingCommit[]> Fill(NpgsqlBatch batch, IReadOnlyList<PendingCommit> group, long now)
    {
        var steps = new List<PendingCommit[]>(group.Count);
        foreach (var pending in group)
        {
            // Commits of one thread keep their order, and a statement sees one state of it.
            if (pending.Commit is { } next && _appending.Contains(next.ThreadId))
                AddAppends(batch, steps);
            // The outcome of an earlier try may be unknown: whether it arrived only the function can tell.
            if (pending.Commit is { MayBeThere: false } plain && IsAppend(plain))
            {
                _appends.Add(pending);
                _appending.Add(plain.ThreadId);
                continue;
            }

            batch.BatchCommands.Add(pending.Commit is { } commit ? Call(commit, now)
                : pending.Deletion is { } deletion ? Delete(deletion)
                : pending.Session is { } session ? End(session)
                : Probe());
            steps.Add([pending]);
        }

        AddAppends(batch, steps);
        return steps;
    }

    private static void ReadOutcome(NpgsqlDataReader reader, string sql, PendingCommit[] step)
    {
        if (sql != AppendSql)
        {
            reader.Read();
            step[0].Outcome = Convert.ToInt32(reader.GetValue(0), null) == 0 ? CommitResult.Committed : CommitResult.Fenced;
            return;
        }

        foreach (var pending in step)
            pending.Outcome = CommitResult.Fenced;
        while (reader.Read())
        {
            var owned = reader.GetGuid(0);
            Array.Find(step, pending => pending.Commit!.ThreadId == owned)!.Outcome = CommitResult.Committed;
        }
    }

    private static bool IsAppend(ThreadCommit commit) =>
        commit is { Claim: false, TurnStart: null, TurnEnd: null, CodexThreadId: null, Options: null, CumulativeUsage: null };

    private void AddAppends(NpgsqlBatch batch, List<PendingCommit[]> steps)
    {
        if (_appends.Count == 0)
            return;
        var step = _appends.ToArray();
        var commits = Array.ConvertAll(step, pending => pending.Commit!);
        var chunks = commits.SelectMany(commit => commit.Chunks).ToArray();
        var owners = commits.SelectMany(commit => Enumerable.Repeat(commit.ThreadId, commit.Chunks.Count)).ToArray();
        var command = new NpgsqlBatchCommand(AppendSql);
        Add(command, Array.ConvertAll(commits, commit => commit.ThreadId));
        Add(command, Array.ConvertAll(commits, commit => commit.Generation));
        Add(command, Array.ConvertAll(commits, commit => commit.ExpectedHead));
        Add(command, Array.ConvertAll(commits, commit => commit.HeadAfter));
        Add(command, owners);
        AddChunks(command, chunks);
        batch.BatchCommands.Add(command);
        steps.Add(step);
        _appends.Clear();
        _appending.Clear();
    }

    private static NpgsqlBatchCommand Call(ThreadCommit commit, long now)
    {
        var command = new NpgsqlBatchCommand(CommitSql);
        Add(command, commit.ThreadId);
        Add(command, commit.Generation);
        Add(command, commit.Claim);
        Add(command, commit.ExpectedHead);
        Add(command, commit.HeadAfter);
        Add(command, now);
        Add(command, commit.MayBeThere);

        var start = commit.TurnStart;
        Add(command, start?.TurnId);
        AddText(command, start?.Host);
        Add(command, start is null ? null : commit.FirstSeqOf(start.TurnId));
        Add(command, start?.At);

        var end = commit.TurnEnd;
        Add(command, end?.TurnId);
        Add(command, (short?)end?.Status);
        Add(command, end is null ? null : commit.LastSeqOf(end.TurnId));
        Add(command, end?.At);
        AddText(command, end?.ErrorCode);
        AddText(command, end?.ErrorMessage);
        AddUsage(command, end?.Usage);

        AddText(command, commit.CodexThreadId);
        AddText(command, commit.Options);
        AddUsage(command, commit.CumulativeUsage);
        Add(command, start is null ? end?.At : end is null ? start.At : Math.Max(start.At, end.At));
        AddChunks(command, commit.Chunks);
        return command;
    }

    private static NpgsqlBatchCommand Delete(ThreadDeletion deletion)
    {
        var command = new NpgsqlBatchCommand(DeleteSql);
        Add(command, deletion.ThreadId);
        Add(command, deletion.Generation);
        return command;
    }

    private static NpgsqlBatchCommand End(EndedSession session)
    {
        var command = new NpgsqlBatchCommand(EndSessionSql);
        Add(command, session.Id);
        Add(command, session.ExpiresAt);
        Add(command, EndedSession.KeptSeconds);
        return command;
    }

    private static NpgsqlBatchCommand Probe()
    {
        var command = new NpgsqlBatchCommand(ProbeSql);
        Add(command, Guid.CreateVersion7());
        return command;
    }

    private static void AddChunks(NpgsqlBatchCommand command, IReadOnlyList<LogChunk> chunks)
    {
        Add(command, chunks.Select(chunk => chunk.FirstSeq).ToArray());
        Add(command, chunks.Select(chunk => chunk.LastSeq).ToArray());
        Add(command, chunks.Select(chunk => chunk.TurnId).ToArray());
        Add(command, chunks.Select(chunk => chunk.At).ToArray());
        Add(command, chunks.Select(chunk => (short)chunk.Kind).ToArray());
        Add(command, chunks.Select(chunk => chunk.Lines).ToArray());
    }

    private static void AddUsage(NpgsqlBatchCommand command, TokenUsage? usage) => Add(
        command,
        usage is null
            ? null
            : (long[])
            [
                usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteInputTokens, usage.OutputTokens, usage.ReasoningOutputTokens,
            ],
        NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    private static void AddText(NpgsqlBatchCommand command, string? value) => Add(command, value, NpgsqlDbType.Text);

    private static void Add<T>(NpgsqlBatchCommand command, T value)
        where T : notnull => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });

    private static void Add(NpgsqlBatchCommand command, Guid? value) => Add(command, value, NpgsqlDbType.Uuid);

    private static void Add(NpgsqlBatchCommand command, long? value) => Add(command, value, NpgsqlDbType.Bigint);

    private static void Add(NpgsqlBatchCommand command, short? value) => Add(command, value, NpgsqlDbType.Smallint);

    private static void Add(NpgsqlBatchCommand command, object? value, NpgsqlDbType type) =>
        command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value, NpgsqlDbType = type });
}
