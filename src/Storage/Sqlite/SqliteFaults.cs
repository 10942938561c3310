using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>What SQLite's error codes mean for the operator. See https://sqlite.org/rescode.html.</summary>
internal static class SqliteFaults
{
    private const int Permission = 3, Busy = 5, Locked = 6, ReadOnly = 8, InputOutput = 10, Corrupt = 11, Full = 13, CannotOpen = 14,
        Protocol = 15, TooBig = 18, Constraint = 19, Authorization = 23, NotADatabase = 26;

    // What a small commit needs at least: a log page for each table and index it touches.
    private const long RoomForACommit = 64 * 1024;

    /// <summary>May go away by itself, so the same commit is worth another try.</summary>
    public static bool IsTransient(Exception e) =>
        e is SqliteException { SqliteErrorCode: Busy or Locked or InputOutput or Full or Protocol };

    /// <summary>Another connection holds the database.</summary>
    public static bool IsLocked(Exception e) => e is SqliteException { SqliteErrorCode: Busy or Locked or Protocol };

    /// <summary>This one commit is at fault, not the database.</summary>
    public static bool IsCausedByCommit(Exception e) =>
        e is ArgumentException or SqliteException { SqliteErrorCode: Constraint or TooBig };

    /// <param name="starting">The server is about to end with this message.</param>
    public static StorageException ToStorageException(Exception e, SqliteDatabase database, bool starting = false)
    {
        if (e is StorageException known)
            return known;

        var file = database.File;
        var code = (e as SqliteException)?.SqliteErrorCode ?? 0;
        var fault = code switch
        {
            Full => StorageFault.DiskFull,
            // The shared-memory file of the log reports a full disk as a failed resize.
            InputOutput when IsFull(database) => StorageFault.DiskFull,
            Busy or Locked or Protocol => StorageFault.Locked,
            Corrupt or NotADatabase => StorageFault.Corrupt,
            ReadOnly or CannotOpen or Permission or Authorization => StorageFault.ReadOnly,
            _ when e is UnauthorizedAccessException or DirectoryNotFoundException => StorageFault.ReadOnly,
            _ when e is IOException && IsFull(database) => StorageFault.DiskFull,
            _ when e is IOException => StorageFault.ReadOnly,
            _ => StorageFault.Other,
        };
        return new StorageException(fault, MessageFor(fault, file, e, starting), e);
    }

    private static string MessageFor(StorageFault fault, string file, Exception e, bool starting) => fault switch
    {
        StorageFault.DiskFull => $"No space is left for the database '{file}' ({e.Message}). " +
            $"Free some{(starting ? " and start the server again." : "; the server goes on by itself.")}",
        StorageFault.Locked => $"The database '{file}' is locked by another process ({e.Message}). End that process, or let it finish.",
        StorageFault.Corrupt => $"The database '{file}' is damaged, or is no database ({e.Message}). " +
            "Stop the server and restore the file from a backup, or move it away to start with an empty one.",
        StorageFault.ReadOnly => $"The database '{file}' cannot be opened for writing ({e.Message}). Give this user write access to the " +
            "file and its folder, or choose another place with --DataDirectory or Storage:ConnectionString.",
        _ => $"The database '{file}' cannot be used ({e.Message}). Look at the disk and at the system's log.",
    };

    private static bool IsFull(SqliteDatabase database)
    {
        try
        {
            return new DriveInfo(database.Folder).AvailableFreeSpace < RoomForACommit;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Only a better wording depends on the answer, and a disk that cannot even tell is not known to be full.
            return false;
        }
    }
}
