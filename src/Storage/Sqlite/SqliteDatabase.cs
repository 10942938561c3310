using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>The database file, and how each kind of connection to it is set up.</summary>
internal sealed class SqliteDatabase(string file, SqliteSynchronous synchronous, TimeSpan readTimeout)
{
    // A small commit writes whole pages; twice as long ones gained nothing in bursts.
    private const int PageSize = 4096;

    // The library waits out a lock in whole seconds, asleep. Our own retry wants control back soon.
    private const int WriteTimeoutSeconds = 1;

    // After a burst the log file shrinks back to this once it starts over.
    private const int LogSizeLimit = 128 * 1024 * 1024;

    public string File { get; } = file;

    public string Folder => Path.GetDirectoryName(File)!;

    /// <summary>Creates an empty file that only this user can read, if there is none. SQLite gives its companions the same mode.</summary>
    public void CreateFile()
    {
        if (System.IO.File.Exists(File))
            return;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        new FileStream(File, options).Dispose();
    }

    public SqliteConnection OpenWriter()
    {
        var connection = Open(SqliteOpenMode.ReadWrite, WriteTimeoutSeconds);
        try
        {
            Execute(connection, $"PRAGMA page_size = {PageSize}");
            if (Execute(connection, "PRAGMA journal_mode = WAL") is not "wal")
                throw new StorageException(StorageFault.Other, $"The database '{File}' cannot keep a write-ahead log: its file system is " +
                    "probably a network share. Move it to a local disk with --DataDirectory or Storage:ConnectionString.");
            Execute(connection, $"PRAGMA journal_size_limit = {LogSizeLimit}");
            Execute(connection, "PRAGMA wal_autocheckpoint = 0");
            Execute(connection, $"PRAGMA synchronous = {(synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL")}");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public SqliteConnection OpenReader() => Open(SqliteOpenMode.ReadOnly, Math.Max(1, (int)Math.Ceiling(readTimeout.TotalSeconds)));

    public static object? Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private SqliteConnection Open(SqliteOpenMode mode, int timeoutSeconds)
    {
        // No pool: a pooled connection would keep the file open after the store is closed.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = File,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = timeoutSeconds,
        }.ToString());
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
