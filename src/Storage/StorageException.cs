namespace CodexOrleans.Storage;

/// <summary>The database cannot be used. The message is for the operator: what failed, with which file, what to do next.</summary>
public sealed class StorageException : Exception
{
    public StorageException(StorageFault fault, string message, Exception? innerException = null)
        : base(message, innerException) => Fault = fault;

    public StorageFault Fault { get; }
}

/// <summary>Kinds of storage faults.</summary>
public enum StorageFault
{
    /// <summary>Anything not named below.</summary>
    Other,

    /// <summary>No space left.</summary>
    DiskFull,

    /// <summary>Another process holds the database or the data directory.</summary>
    Locked,

    /// <summary>The file is not a database, or is damaged.</summary>
    Corrupt,

    /// <summary>The file or its folder cannot be written.</summary>
    ReadOnly,

    /// <summary>More waits to be written than memory should hold: the disk cannot keep up.</summary>
    Overloaded,

    /// <summary>The database was written by a newer version of this server.</summary>
    TooNew,

    /// <summary>The database server does not answer.</summary>
    Unreachable,

    /// <summary>The store is not open: not started yet, or shut down.</summary>
    Closed,
}

internal static class StorageFaultWords
{
    /// <summary>The fault as metrics and spans name it.</summary>
    public static string Word(this StorageFault fault) => fault switch
    {
        StorageFault.DiskFull => "disk_full",
        StorageFault.Locked => "locked",
        StorageFault.Corrupt => "corrupt",
        StorageFault.ReadOnly => "read_only",
        StorageFault.Overloaded => "overloaded",
        StorageFault.TooNew => "too_new",
        StorageFault.Unreachable => "unreachable",
        StorageFault.Closed => "closed",
        _ => "_OTHER",
    };
}
