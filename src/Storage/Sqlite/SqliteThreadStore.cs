using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// The log in one SQLite file. <see cref="Open"/> comes before all else. All commits go through one writer, which groups what
/// waits into one transaction; reads go beside it.
/// </summary>
public sealed partial class SqliteThreadStore : IThreadStore, IAsyncDisposable
{
    // What one transaction may delete beside everybody's commits: about as much as one may write.
    private const int MaxDeletedChunks = 1024;
    private const long MaxDeletedBytes = 16L << 20;

    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SqliteDatabase _database;
    private readonly CommitQueue _queue;
    private readonly ThreadTails _tails = new();
    private readonly IndexLimits _indexLimits;
    private readonly Checkpointer _checkpointer;
    private readonly GroupCommitWriter _writer;
    private readonly ReaderPool _readers;
    private readonly Lock _lifetime = new();
    private Task? _closing;
    private volatile bool _open;

    /// <param name="file">The database file; created when missing, its folder is not.</param>
    public SqliteThreadStore(string file, StorageOptions? options = null, TimeProvider? time = null, ILogger<SqliteThreadStore>? logger = null)
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
        IndexLimits? indexLimits = null)
    {
        _options = options ?? new StorageOptions();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<SqliteThreadStore>.Instance;
        _database = new SqliteDatabase(Path.GetFullPath(file), _options.Synchronous, _options.RetryFor);
        _queue = new CommitQueue(queueLimits ?? new CommitQueueLimits());
        _indexLimits = indexLimits ?? new IndexLimits();
        _checkpointer = new Checkpointer(_database, checkpointLimits ?? new CheckpointLimits(), _logger);
        _writer = new GroupCommitWriter(_database, _queue, _tails, _indexLimits, _checkpointer, _time, _logger);
        _readers = new ReaderPool(_database);
    }

    /// <summary>Opens or creates the database, brings its schema up to date and shows that it can be written. Call once.</summary>
    /// <exception cref="StorageException">It cannot be used; while it is locked, it is tried again for <see cref="StorageOptions.RetryFor"/>.</exception>
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
                    using var session = new WriteSession(connection, _tails, _indexLimits);
                    session.Begin();
                    session.Probe(_time.GetUtcNow().ToUnixTimeMilliseconds());
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
                throw SqliteFaults.ToStorageException(e, _database);
            }
        }

        _writer.Start();
        _readers.Start();
        _open = true;
    }

    public ValueTask<CommitResult> Commit(ThreadCommit commit)
    {
        commit.Validate();
        return new(Enqueue(new PendingCommit(commit, Deadline(_options.RetryFor))));
    }

    public async ValueTask<CommitResult> Delete(Guid threadId, long generation)
    {
        // It cannot grow in between: nobody but the owner appends to it, and the generation shows who that is.
        var tail = _tails.Committed(threadId);
        var (chunks, bytes) = await Read(session => session.ReadSize(threadId, MaxDeletedChunks + 1, tail), CancellationToken.None);
        if (chunks > MaxDeletedChunks || bytes > MaxDeletedBytes)
            throw new InvalidOperationException($"Thread {threadId} is too large to be deleted at once: it has more than {MaxDeletedChunks} chunks or {MaxDeletedBytes >> 20} MiB. Nothing was deleted.");
        return await Enqueue(new PendingCommit(null, Deadline(_options.RetryFor)) { Deletion = new ThreadDeletion(threadId, generation) });
    }

    public async ValueTask CheckHealth(CancellationToken cancellationToken = default)
    {
        // While commits are being retried a probe would only wait behind them.
        if (_writer.Retrying is { } fault)
            throw new StorageException(fault.Fault, fault.Message, fault);
        await Enqueue(new PendingCommit(null, Deadline(TimeSpan.Zero))).WaitAsync(cancellationToken);
        await Read(session => session.ReadThread(Guid.Empty, null), cancellationToken);
    }

    public ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default)
    {
        var tail = _tails.Committed(threadId);
        return Read(session => session.ReadThread(threadId, tail), cancellationToken);
    }

    public ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default) =>
        Read(session => session.ReadTurn(turnId), cancellationToken);

    public ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default) =>
        Read(session => session.ReadTurns(threadId, limit, before), cancellationToken);

    public ValueTask<IReadOnlyList<LogChunk>> ReadChunks(Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default)
    {
        var tail = _tails.Committed(threadId);
        return Read(session => session.ReadChunks(threadId, afterSeq, maxBytes, tail), cancellationToken);
    }

    public ValueTask<IReadOnlyList<Guid>> ReadThreadsWithRunningTurn(CancellationToken cancellationToken = default) =>
        Read(session => session.ReadThreadsWithRunningTurn(), cancellationToken);

    /// <summary>Writes what waits, refuses all else, and leaves one complete file without a log beside it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task closing;
        lock (_lifetime)
            closing = _closing ??= Close();
        await closing;
    }

    private Task<CommitResult> Enqueue(PendingCommit pending)
    {
        EnsureOpen();
        _queue.Add(pending);
        return pending.Task;
    }

    private ValueTask<T> Read<T>(Func<ReadSession, T> read, CancellationToken cancellationToken)
    {
        EnsureOpen();
        return _readers.Read(read, cancellationToken);
    }

    private void EnsureOpen()
    {
        if (!_open)
            throw new StorageException(StorageFault.Closed, $"The log '{_database.File}' is not open: the server has not started yet, or is shutting down.");
    }

    private long Deadline(TimeSpan patience) =>
        _time.GetTimestamp() + (long)(patience.TotalSeconds * _time.TimestampFrequency);

    private async Task Close()
    {
        var wasOpen = _open;
        _open = false;
        _queue.Close();
        if (wasOpen)
        {
            await _writer.Ended;
            await _readers.DisposeAsync();
        }

        // Last, since a reader would keep the log from being emptied. On a thread of its own, since it waits for the disk.
        await Task.Run(_checkpointer.Dispose);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database is locked by another process; waiting for it.")]
    private static partial void LogLocked(ILogger logger);
}
