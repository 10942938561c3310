using System.Diagnostics.Metrics;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Log.Commits;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>
/// The log in PostgreSQL, shared by all servers of a cluster. <see cref="Open"/> comes before all else. The commits of this process go
/// through a connection of their own, which groups what waits into one transaction; reads go beside it.
/// </summary>
public sealed partial class PostgresThreadStore : IOpenStore
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    private readonly StorageOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PostgresDatabase _database;
    private readonly PostgresReader _reader;
    private readonly GroupCommit _commits;
    private readonly SharedCheck _health;
    private readonly Lock _lifetime = new();
    private Task? _closing;
    private volatile bool _open;

    /// <param name="options">With the connection string.</param>
    /// <exception cref="ArgumentException">The connection string is missing or cannot be read.</exception>
    public PostgresThreadStore(StorageOptions options, TimeProvider? time = null, ILogger<PostgresThreadStore>? logger = null)
        : this(new PostgresDatabase(options), options, time, logger, null)
    {
    }

    internal PostgresThreadStore(
        PostgresDatabase database, StorageOptions options, TimeProvider? time, ILogger<PostgresThreadStore>? logger, IMeterFactory? meters)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<PostgresThreadStore>.Instance;
        _database = database;
        _reader = new PostgresReader(_database.Source);
        _commits = new GroupCommit(new PostgresCommits(_database), options.RetryFor, _time, _logger, new CommitQueueLimits(), meters);
        _health = new SharedCheck(Check, _time);
    }

    /// <summary>Connections to the same database, for what else a cluster keeps there. Closed with the store.</summary>
    public NpgsqlDataSource Connections => _database.Source;

    public async Task Open(CancellationToken cancellationToken = default)
    {
        var deadline = _time.GetTimestamp() + (long)(_options.RetryFor.TotalSeconds * _time.TimestampFrequency);
        while (true)
        {
            try
            {
                if (await PostgresMigration.Run(_database, cancellationToken) is { Count: > 0 } newer)
                    LogNewer(_logger, _database.Server, string.Join(", ", newer));
                await AddSecret(SessionSecret.Name, SessionSecret.Create(), cancellationToken);
                break;
            }
            catch (Exception e) when (PostgresFaults.IsTransient(e) && _time.GetTimestamp() < deadline)
            {
                LogWaiting(_logger, _database.Server);
                await Task.Delay(_pause, _time, cancellationToken);
            }
            catch (Exception e) when (PostgresFaults.IsFromDriver(e))
            {
                throw PostgresFaults.ToStorageException(e, _database.Server, starting: true);
            }
        }

        _commits.Start();
        _open = true;
        await CheckHealth(cancellationToken);
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
        var (chunks, bytes) = await Reader.ReadSize(threadId, ThreadDeletion.MaxChunks + 1, CancellationToken.None);
        deletion.CheckSize(chunks, bytes);
        return await _commits.Delete(deletion);
    }

    public async ValueTask CheckHealth(CancellationToken cancellationToken = default)
    {
        EnsureOpen();
        _commits.EnsureNotRetrying();
        await _health.Run(cancellationToken);
    }

    public ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default) =>
        new(Reader.ReadThread(threadId, cancellationToken));

    public ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default) =>
        new(Reader.ReadTurn(turnId, cancellationToken));

    public ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(
        Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default) =>
        new(Reader.ReadTurns(threadId, limit, before, cancellationToken));

    public ValueTask<IReadOnlyList<LogChunk>> ReadChunks(
        Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default) =>
        new(Reader.ReadChunks(threadId, afterSeq, maxBytes, cancellationToken));

    public ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken = default) =>
        new(Reader.ReadRunningTurns(cancellationToken));

    public ValueTask<byte[]> ReadSessionSecret(CancellationToken cancellationToken = default) =>
        new(Reader.ReadSecret(SessionSecret.Name, cancellationToken));

    public async ValueTask EndSession(EndedSession session)
    {
        EnsureOpen();
        await _commits.EndSession(session);
    }

    public ValueTask<IReadOnlyList<EndedSession>> ReadEndedSessions(
        TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        new(Reader.ReadEndedSessions(within, cancellationToken));

    /// <summary>Writes what waits, refuses all else, and closes all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        Task closing;
        lock (_lifetime)
            closing = _closing ??= Close();
        await closing;
    }

    private PostgresReader Reader
    {
        get
        {
            EnsureOpen();
            return _reader;
        }
    }

    /// <summary>Keeps a random secret under a name that has none yet; of servers that start at the same time, one does.</summary>
    private async Task AddSecret(string name, byte[] value, CancellationToken cancellationToken)
    {
        const string Sql = "INSERT INTO secrets (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING";
        await using var connection = await _database.Source.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(Sql, new { name, value }, cancellationToken: cancellationToken));
    }

    private async Task Check()
    {
        await _commits.Probe();
        await ReadThread(Guid.Empty);
    }

    private void EnsureOpen()
    {
        if (!_open)
            throw new StorageException(StorageFault.Closed, $"The log at {_database.Server} is not open: " +
                "the server has not started yet, or is shutting down.");
    }

    private async Task Close()
    {
        var wasOpen = _open;
        _open = false;
        _commits.Refuse();
        if (wasOpen)
            await _commits.Ended;
        await _database.DisposeAsync();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database at {Server} has been upgraded by a newer version of this server, " +
        "whose schema ({Scripts}) this one can use. Upgrade this node too.")]
    private static partial void LogNewer(ILogger logger, string server, string scripts);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PostgreSQL at {Server} cannot be used yet; waiting for it.")]
    private static partial void LogWaiting(ILogger logger, string server);

    private sealed class PostgresCommits(PostgresDatabase database) : ICommitDatabase
    {
        public IWriteSession OpenSession() => new PostgresWriteSession(database.OpenWriter());

        public bool IsTransient(Exception e) => PostgresFaults.IsTransient(e);

        public bool IsCausedByCommit(Exception e) => PostgresFaults.IsCausedByCommit(e);

        public bool IsLockTimeout(Exception e) => PostgresFaults.IsLockTimeout(e);

        public bool BreaksConnection(Exception e) => PostgresFaults.BreaksConnection(e);

        public StorageException ToStorageException(Exception e) => PostgresFaults.ToStorageException(e, database.Server);
    }
}
