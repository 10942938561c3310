using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// Copies committed pages from the write-ahead log into the database, so that commits never wait for that and the log does not
/// grow for ever. It takes two: a passive pass on a connection of its own copies the bulk beside the writer, but while the writer
/// keeps committing it never reaches the end, and only at its end can the log start over. So once the log is long, the writer runs
/// one short pass itself, between two commits.
/// </summary>
internal sealed partial class Checkpointer(SqliteDatabase database, CheckpointLimits limits, ILogger logger) : IDisposable
{
    private readonly AutoResetEvent _wake = new(false);
    private SqliteConnection? _connection;
    private Thread? _thread;
    private long _pagesSincePass;
    private volatile bool _writersTurn;
    private volatile bool _stopping;

    public void Start()
    {
        // Setting it up has read the database. On a connection that has never read, a checkpoint does nothing and reports success.
        _connection = database.OpenWriter();
        _thread = new Thread(Run) { Name = "Log checkpoint", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Called by the writer between two commits.</summary>
    public void AfterCommit(WriteSession session)
    {
        _pagesSincePass += session.TakePagesWritten();
        if (_writersTurn)
        {
            TryPass(session.Connection);
            _writersTurn = false;
        }

        if (_pagesSincePass >= limits.PagesPerPass)
        {
            _pagesSincePass = 0;
            _wake.Set();
        }
    }

    /// <summary>Empties the log into the database, once writer and readers are gone.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread?.Join();
        if (_connection is not null)
            TryPass(_connection, "TRUNCATE");
        _connection?.Dispose();
        _wake.Dispose();
    }

    private void Run()
    {
        while (_wake.WaitOne() && !_stopping)
        {
            // The writer's own pass is due and would find the log locked by this one.
            if (_writersTurn)
                continue;
            // Once more, for what was committed during the first pass: the writer is to find little left to do.
            if (TryPass(_connection!) is { } pages && pages >= limits.LogPages && TryPass(_connection!) is not null)
                _writersTurn = true;
        }
    }

    /// <summary>Length of the log in pages, or null when the pass failed.</summary>
    private long? TryPass(SqliteConnection connection, string mode = "PASSIVE")
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA wal_checkpoint({mode})";
            using var row = command.ExecuteReader();
            row.Read();
            return row.GetInt64(1);
        }
        catch (SqliteException e)
        {
            // Nothing is lost: the pages stay in the log, and the next pass tries again.
            LogPassFailed(logger, e.SqliteExtendedErrorCode, e);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A checkpoint of the log failed with SQLite error {Code}; " +
        "the next one tries again.")]
    private static partial void LogPassFailed(ILogger logger, int code, Exception e);
}

/// <summary>
/// When to checkpoint, in pages of 4 KiB. Often and little: while a pass waits for the disk the writer waits with it, at 50 turns 1 ms
/// at the 99th percentile with passes of 2 MiB, 1 to 3 ms with 16 MiB, and more than 40 ms with 64 MiB.
/// </summary>
/// <param name="PagesPerPass">Pages written between two passes beside the writer.</param>
/// <param name="LogPages">Length of the log from which the writer makes it start over.</param>
internal sealed record CheckpointLimits(int PagesPerPass = 512, int LogPages = 2048);
