namespace CodexOrleans.Storage;

/// <summary>Where and how the log is stored: configuration section <c>Storage</c>.</summary>
public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>The database. Default <see cref="StorageProvider.Sqlite"/>.</summary>
    public StorageProvider Provider { get; set; } = StorageProvider.Sqlite;

    /// <summary>
    /// ADO.NET connection string. Default null: with SQLite a file in the data directory. Of a SQLite connection string only
    /// <c>Data Source</c> counts; it must name a file. PostgreSQL needs one, such as <c>Host=db;Database=codex;Username=codex</c>.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>SQLite only: what a commit survives. Default <see cref="SqliteSynchronous.Normal"/>.</summary>
    public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Normal;

    /// <summary>
    /// How long a commit is tried again while the disk is full or the database is locked or away, before it fails; also how long the
    /// start waits for such a database. Default 15 s, at most 10 min.
    /// </summary>
    public TimeSpan RetryFor { get; set; } = TimeSpan.FromSeconds(15);
}

/// <summary>Databases the log can be stored in.</summary>
public enum StorageProvider
{
    /// <summary>One file, for one server process.</summary>
    Sqlite,

    /// <summary>A database server, for all servers of a cluster.</summary>
    Postgres,
}

/// <summary>SQLite's <c>synchronous</c> setting.</summary>
public enum SqliteSynchronous
{
    /// <summary>A commit survives the death of any process.</summary>
    Normal,

    /// <summary>A commit also survives a power cut, at several times the latency.</summary>
    Full,
}
