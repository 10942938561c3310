using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>The writer's connection with its prepared statements. One thread uses it.</summary>
internal sealed partial class WriteSession : IWriteSession
{
    private const string UsageNames = "input_tokens, cached_input_tokens, cache_write_input_tokens, output_tokens, reasoning_output_tokens";

    private readonly SqliteConnection _connection;
    private readonly List<Statement> _statements = [];
    private readonly ThreadTails _tails;
    private readonly Checkpointer? _checkpointer;
    private readonly Statement _begin, _end, _rollback, _create, _claim, _owned, _change, _turnStatus, _startTurn, _endTurn, _addChunk;
    private readonly Statement _probe, _endSession, _forgetSessions;
    private readonly Statement _deletable, _deleteChunks, _deleteIndex, _deleteTurns, _deleteThread;

    /// <param name="checkpointer">Told of what was written; null for a session that writes next to nothing.</param>
    public WriteSession(SqliteConnection connection, ThreadTails tails, IndexLimits limits, Checkpointer? checkpointer = null)
    {
        _checkpointer = checkpointer;
        _connection = connection;
        _limits = limits;
        _tails = tails;
        _begin = Prepare("BEGIN IMMEDIATE");
        _end = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _create = Prepare(
            """
            INSERT INTO threads (id, generation, head_seq, options, created_at, updated_at) VALUES ($id, 1, $to, '{}', $at, $at)
            ON CONFLICT (id) DO NOTHING RETURNING key
            """,
            "$id", "$to", "$at");
        _claim = Prepare(
            "UPDATE threads SET generation = $generation, head_seq = $to WHERE key = $thread", "$thread", "$generation", "$to");
        _owned = Prepare("SELECT key, generation, head_seq FROM threads WHERE id = $id", "$id");
        _change = Prepare(
            """
            UPDATE threads SET codex_thread_id = coalesce($codex, codex_thread_id), options = coalesce($options, options),
                updated_at = coalesce($at, updated_at), input_tokens = coalesce($input, input_tokens),
                cached_input_tokens = coalesce($cached, cached_input_tokens),
                cache_write_input_tokens = coalesce($written, cache_write_input_tokens),
                output_tokens = coalesce($output, output_tokens), reasoning_output_tokens = coalesce($reasoning, reasoning_output_tokens)
            WHERE key = $thread
            """,
            "$thread", "$codex", "$options", "$at", "$input", "$cached", "$written", "$output", "$reasoning");
        _turnStatus = Prepare("SELECT status FROM turns WHERE id = $id", "$id");
        _startTurn = Prepare(
            "INSERT INTO turns (id, thread, status, host, first_seq, started_at) VALUES ($id, $thread, 0, $host, $first, $at)",
            "$id", "$thread", "$host", "$first", "$at");
        _endTurn = Prepare(
            $"""
            UPDATE turns SET status = $status, last_seq = $last, ended_at = $at, error_code = $code, error_message = $message,
                ({UsageNames}) = ($input, $cached, $written, $output, $reasoning)
            WHERE id = $id AND thread = $thread AND status = 0
            """,
            "$id", "$thread", "$status", "$last", "$at", "$code", "$message", "$input", "$cached", "$written", "$output", "$reasoning");
        _addChunk = Prepare(
            """
            INSERT INTO chunks (key, thread, first_seq, last_seq, turn_id, at, kind, lines)
            VALUES ($key, $thread, $first, $last, $turn, $at, $kind, $lines)
            """,
            "$key", "$thread", "$first", "$last", "$turn", "$at", "$kind", "$lines");
        _probe = Prepare("UPDATE probe SET at = $at WHERE key = 1", "$at");
        _endSession = Prepare(
            "INSERT INTO ended_browser_sessions (id, expires_at, ended_at) VALUES ($id, $expires, $at) ON CONFLICT (id) DO NOTHING",
            "$id", "$expires", "$at");
        _forgetSessions = Prepare("DELETE FROM ended_browser_sessions WHERE expires_at < $before", "$before");
        _deletable = Prepare(
            """
            SELECT key FROM threads WHERE id = $id AND generation = $generation
                AND NOT EXISTS (SELECT 1 FROM turns WHERE thread = threads.key AND status = 0)
            """,
            "$id", "$generation");
        _deleteChunks = Prepare("DELETE FROM chunks WHERE key IN (SELECT chunk FROM chunk_index WHERE thread = $thread)", "$thread");
        _deleteIndex = Prepare("DELETE FROM chunk_index WHERE thread = $thread", "$thread");
        _deleteTurns = Prepare("DELETE FROM turns WHERE thread = $thread", "$thread");
        _deleteThread = Prepare("DELETE FROM threads WHERE key = $thread", "$thread");
        PrepareIndex(out _version, out _addToIndex, out _moveHead, out _unindexed, out _lastKeys, out _setIndexed);
    }

    public SqliteConnection Connection => _connection;

    public PendingCommit? Culprit { get; private set; }

    public void Write(IReadOnlyList<PendingCommit> group, long now)
    {
        Culprit = null;
        Begin();
        foreach (var pending in group)
        {
            Culprit = pending;
            pending.Outcome = pending.Commit is { } commit ? Apply(commit, now)
                : pending.Deletion is { } deletion ? Delete(deletion)
                : pending.Session is { } session ? EndSession(session, now)
                : Probe(now);
        }

        Culprit = null;
        End();
    }

    /// <summary>None: the file has one writer at a time.</summary>
    public IReadOnlyCollection<Guid> FindLocked(Guid[] threads) => [];

    public void AfterGroup() => _checkpointer?.AfterCommit(this);

    /// <summary>Leaves the next start nothing to look for.</summary>
    public void Finish()
    {
        Begin();
        IndexAll();
        End();
    }

    /// <summary>Takes the write lock, so that what is read here stays true until the end.</summary>
    public void Begin()
    {
        _begin.Execute();
        Restore();
    }

    public void End()
    {
        IndexOld();
        _end.Execute();
        KeepIndex();
    }

    /// <summary>Undoes the transaction, unless SQLite did so already.</summary>
    public void Rollback()
    {
        ForgetIndex();
        if (raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            _rollback.Execute();
    }

    /// <summary>Pages written to the log since the last call.</summary>
    public int TakePagesWritten()
    {
        _ = raw.sqlite3_db_status(_connection.Handle, raw.SQLITE_DBSTATUS_CACHE_WRITE, out var pages, out _, 1);
        return pages;
    }

    public CommitResult Probe(long now)
    {
        _probe.Execute(now);
        return CommitResult.Committed;
    }

    /// <summary>Keeps a random secret under a name that has none yet.</summary>
    public void AddSecret(string name, byte[] value)
    {
        const string Sql = "INSERT INTO secrets (name, value) VALUES ($name, $value) ON CONFLICT (name) DO NOTHING";
        using var add = new Statement(_connection, Sql, "$name", "$value");
        add.Execute(name, value);
    }

    private CommitResult EndSession(EndedSession session, long now)
    {
        _forgetSessions.Execute(now / 1000 - EndedSession.KeptSeconds);
        _endSession.Execute(Key(session.Id), session.ExpiresAt, now);
        return CommitResult.Committed;
    }

    /// <summary>Applies one commit inside the open transaction. A refused one has written nothing.</summary>
    /// <param name="now">Unix milliseconds, for a thread that is claimed without a turn.</param>
    private CommitResult Apply(ThreadCommit commit, long now)
    {
        if (commit.TurnEnd is { } ending && HasEnded(commit, ending))
            return CommitResult.Fenced;
        if (Own(commit, now) is not { } tail)
            return CommitResult.Fenced;
        var thread = tail.Thread;

        // A commit may end one turn and start the next, or start and end the same one.
        var endsOlder = commit.TurnEnd is not null && commit.TurnEnd.TurnId != commit.TurnStart?.TurnId;
        if (endsOlder)
            EndTurn(commit, commit.TurnEnd!, thread);
        if (commit.TurnStart is { } start)
            _startTurn.Execute(Key(start.TurnId), thread, start.Host, commit.FirstSeqOf(start.TurnId), start.At);
        if (commit.TurnEnd is not null && !endsOlder)
            EndTurn(commit, commit.TurnEnd, thread);

        if (commit.TurnStart is not null || commit.TurnEnd is not null || commit.CodexThreadId is not null || commit.Options is not null
            || commit.CumulativeUsage is not null)
        {
            var usage = commit.CumulativeUsage;
            _change.Execute(
                thread, commit.CodexThreadId, commit.Options, LastActivity(commit),
                usage?.InputTokens, usage?.CachedInputTokens, usage?.CacheWriteInputTokens, usage?.OutputTokens,
                usage?.ReasoningOutputTokens);
        }

        for (var i = 0; i < commit.Chunks.Count; i++)
        {
            var chunk = commit.Chunks[i];
            var key = ++_lastKey;
            _addChunk.Execute(key, thread, chunk.FirstSeq, chunk.LastSeq, Key(chunk.TurnId), chunk.At, chunk.Kind, chunk.Lines);
            tail = tail.With(new TailChunk(chunk.FirstSeq, chunk.LastSeq, key));
        }

        if (commit.TurnEnd is not null || tail.Chunks.Length >= _limits.InTail)
            Index(commit.ThreadId, tail);
        else if (tail.Chunks.Length > 0)
            _tails.Set(commit.ThreadId, tail);
        return CommitResult.Committed;
    }

    /// <summary>Deletes one thread inside the open transaction. A refused deletion has deleted nothing.</summary>
    private CommitResult Delete(ThreadDeletion deletion)
    {
        if (_deletable.ExecuteScalar(Key(deletion.ThreadId), deletion.Generation) is not { } thread)
            return CommitResult.Fenced;
        if (_tails.Current(deletion.ThreadId) is { } tail)
            Index(deletion.ThreadId, tail);
        _deleteChunks.Execute(thread);
        _deleteIndex.Execute(thread);
        _deleteTurns.Execute(thread);
        _deleteThread.Execute(thread);
        return CommitResult.Committed;
    }

    public void Dispose()
    {
        foreach (var statement in _statements)
            statement.Dispose();
        _connection.Dispose();
    }

    private static long? LastActivity(ThreadCommit commit) =>
        commit is { TurnStart: { } start, TurnEnd: { } end } ? Math.Max(start.At, end.At) : commit.TurnStart?.At ?? commit.TurnEnd?.At;

    private static byte[] Key(Guid id) => id.ToByteArray(bigEndian: true);

    private bool HasEnded(ThreadCommit commit, TurnEnd end) => _turnStatus.ExecuteScalar(Key(end.TurnId)) switch
    {
        long status => status != (long)TurnStatus.Running,
        _ when commit.TurnStart?.TurnId == end.TurnId => false,
        _ => throw commit.Invalid($"turn {end.TurnId} ends but never started"),
    };

    /// <summary>Checks the fence, and takes the thread when the commit claims it: its tail, or null when another owner has it.</summary>
    private ThreadTail? Own(ThreadCommit commit, long now)
    {
        if (_tails.Current(commit.ThreadId) is not { } tail)
        {
            if (commit is { Claim: true, Generation: 1, ExpectedHead: 0 })
            {
                var key = _create.ExecuteScalar(Key(commit.ThreadId), commit.HeadAfter, commit.TurnStart?.At ?? now);
                return key is long created ? new ThreadTail(created, 1, 0) : null;
            }

            using var row = _owned.Query(Key(commit.ThreadId));
            if (!row.Read())
                return null;
            tail = new ThreadTail(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        }

        if (tail.Head != commit.ExpectedHead || tail.Generation != (commit.Claim ? commit.Generation - 1 : commit.Generation))
            return null;
        if (!commit.Claim)
            return tail;
        _claim.Execute(tail.Thread, commit.Generation, commit.HeadAfter);
        return tail.OwnedBy(commit.Generation);
    }

    private void EndTurn(ThreadCommit commit, TurnEnd end, long thread)
    {
        var usage = end.Usage;
        var changed = _endTurn.Execute(
            Key(end.TurnId), thread, (int)end.Status, commit.LastSeqOf(end.TurnId), end.At, end.ErrorCode, end.ErrorMessage,
            usage?.InputTokens, usage?.CachedInputTokens, usage?.CacheWriteInputTokens, usage?.OutputTokens, usage?.ReasoningOutputTokens);
        if (changed == 0)
            throw commit.Invalid($"turn {end.TurnId} belongs to another thread");
    }

    private Statement Prepare(string sql, params ReadOnlySpan<string> parameters)
    {
        var statement = new Statement(_connection, sql, parameters);
        _statements.Add(statement);
        return statement;
    }
}
