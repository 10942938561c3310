using System.Diagnostics.Metrics;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// The log in one SQLite file. <see cref="Open"/> comes before all else. All commits go through one writer, which groups what
/// waits into one transaction; reads go beside it.
/// </summary>
public sealed partial class SqliteThreadStore : IOpenStore
{
    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SqliteDatabase _database;
    private readonly ThreadTails _tails = new();
    private readonly Checkpointer _checkpointer;
    private readonly GroupCommit _commits;
    private readonly ReaderPool _readers;
    private readonly SharedCheck _health;
    private readonly Lock _lifetime = new();
    private Task? _closing;
    private volatile bool _open;

    /// <param name="file">The database file; created when missing, its folder is not.</param>
    public SqliteThreadStore(
        string file, StorageOptions? options = null, TimeProvider? time = null, ILogger<SqliteThreadStore>? logger = null)
        : this(file, options, time, logger, null)
    {
    }

    internal SqliteThreadStore(
        string file,
        StorageOptions? options,
        TimeProvider? time,
        ILogger<SqliteThreadStore>? logger,
        CommitQueueLimits? queueLimits = null,
        CheckpointLimits? checkpointLimits = null,
        IndexLimits? indexLimits = null,
        IMeterFactory? meters = null)
    {
        _options = options ?? new StorageOptions();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<SqliteThreadStore>.Instance;
        _database = new SqliteDatabase(Path.GetFullPath(file), _options.Synchronous, _options.RetryFor);
        _checkpointer = new Checkpointer(_database, checkpointLimits ?? new CheckpointLimits(), _logger);
        _commits = new GroupCommit(
            new SqliteCommits(_database, _tails, indexLimits ?? new IndexLimits(), _checkpointer),
            _options.RetryFor,
            _time,
            _logger,
            queueLimits ?? new CommitQueueLimits(),
            meters);
        _readers = new ReaderPool(_database);
        _health = new SharedCheck(Check, _time);
    }

    /// <summary>Opens or creates the database, brings its schema up to date and shows that it can be written. Call once.</summary>
    /// <exception cref="StorageException">
    /// It cannot be used; while it is locked, it is tried again for <see cref="StorageOptions.RetryFor"/>.
    /// </exception>
    public async Task Open(CancellationToken cancellationToken = default)
    {
        var deadline = Deadline(_options.RetryFor);
        while (true)
        {
            try
            {
                _database.CreateFile();
                using (var connection = _database.OpenWriter())
                {
                    SchemaMigration.Run(connection, _database.File);
                    using var session = new WriteSession(connection, _tails, new IndexLimits());
                    session.Begin();
                    session.Probe(_time.GetUtcNow().ToUnixTimeMilliseconds());
                    session.AddSecret(SessionSecret.Name, SessionSecret.Create());
                    session.End();
                }

                _checkpointer.Start();
                break;
            }
            catch (Exception e) when (SqliteFaults.IsLocked(e) && _time.GetTimestamp() < deadline)
            {
                LogLocked(_logger);
                await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellationToken);
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
            {
                throw SqliteFaults.ToStorageException(e, _database, starting: true);
            }
        }

        _commits.Start();
        _readers.Start();
        _open = true;
    }

    public ValueTask<CommitResult> Commit(ThreadCommit commit)
    {
        EnsureOpen();
        return new(_commits.Commit(commit));
    }

    public async ValueTask<CommitResult> Delete(Guid threadId, long generation)
    {
        var deletion = new ThreadDeletion(threadId, generation);
        // It cannot grow in between: nobody but the owner appends to it, and the generation shows who that is.
        var tail = _tails.Committed(threadId);
        var (chunks, bytes) = await Read(session => session.ReadSize(threadId, ThreadDeletion.MaxChunks + 1, tail), CancellationToken.None);
        deletion.CheckSize(chunks, bytes);
        return await _commits.Delete(deletion);
    }

    public async ValueTask CheckHealth(CancellationToken cancellationToken = default)
    {
        EnsureOpen();
        _commits.EnsureNotRetrying();
        await _health.Run(cancellationToken);
    }

    public ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default)
    {
        var tail = _tails.Committed(threadId);
        return Read(session => session.ReadThread(threadId, tail), cancellationToken);
    }

    public ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default) =>
        Read(session => session.ReadTurn(turnId), cancellationToken);

    public ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(
        Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default) =>
        Read(session => session.ReadTurns(threadId, limit, before), cancellationToken);

    public ValueTask<IReadOnlyList<LogChunk>> ReadChunks(
        Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default)
    {
        var tail = _tails.Committed(threadId);
        return Read(session => session.ReadChunks(threadId, afterSeq, maxBytes, tail), cancellationToken);
    }

    public ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken = default) =>
        Read(session => session.ReadRunningTurns(), cancellationToken);

    public ValueTask<byte[]> ReadSessionSecret(CancellationToken cancellationToken = default) =>
        Read(session => session.ReadSecret(SessionSecret.Name), cancellationToken);

    public async ValueTask EndSession(EndedSession session)
    {
        EnsureOpen();
        await _commits.EndSession(session);
    }

    public ValueTask<IReadOnlyList<EndedSession>> ReadEndedSessions(TimeSpan? within = null, CancellationToken cancellationToken = default)
    {
        var since = within is { } time ? (_time.GetUtcNow() - time).ToUnixTimeMilliseconds() : long.MinValue;
        return Read(session => session.ReadEndedSessions(since), cancellationToken);
    }

    /// <summary>Writes what waits, refuses all else, and leaves one complete file without a log beside it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task closing;
        lock (_lifetime)
            closing = _closing ??= Close();
        await closing;
    }

    private ValueTask<T> Read<T>(Func<ReadSession, T> read, CancellationToken cancellationToken)
    {
        EnsureOpen();
        return _readers.Read(read, cancellationToken);
    }

    private async Task Check()
    {
        await _commits.Probe();
        await Read(session => session.ReadThread(Guid.Empty, null), CancellationToken.None);
    }

    private void EnsureOpen()
    {
        if (!_open)
            throw new StorageException(StorageFault.Closed, $"The log '{_database.File}' is not open: " +
                "the server has not started yet, or is shutting down.");
    }

    private long Deadline(TimeSpan patience) =>
        _time.GetTimestamp() + (long)(patience.TotalSeconds * _time.TimestampFrequency);

    private async Task Close()
    {
        var wasOpen = _open;
        _open = false;
        _commits.Refuse();
        if (wasOpen)
        {
            await _commits.Ended;
            await _readers.DisposeAsync();
        }

        // Last, since a reader would keep the log from being emptied. On a thread of its own, since it waits for the disk.
        await Task.Run(_checkpointer.Dispose);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database is locked by another process; waiting for it.")]
    private static partial void LogLocked(ILogger logger);

    private sealed class SqliteCommits(
        SqliteDatabase database, ThreadTails tails, IndexLimits limits, Checkpointer checkpointer) : ICommitDatabase
    {
        public IWriteSession OpenSession() => new WriteSession(database.OpenWriter(), tails, limits, checkpointer);

        public bool IsTransient(Exception e) => SqliteFaults.IsTransient(e);

        public bool IsCausedByCommit(Exception e) => SqliteFaults.IsCausedByCommit(e);

        public bool IsLockTimeout(Exception e) => false;

        public bool BreaksConnection(Exception e) => false;

        public StorageException ToStorageException(Exception e) => SqliteFaults.ToStorageException(e, database);
    }
}
