using System.Net.Sockets;
using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>
/// What PostgreSQL's error codes mean for the operator. See https://www.postgresql.org/docs/current/errcodes-appendix.html.
/// </summary>
internal static class PostgresFaults
{
    private const string RaisedByFunction = "P0001";
    private const string ReadOnlyTransaction = "25006";
    private const string LockNotAvailable = "55P03";
    private const string IdleInTransaction = "25P03", TransactionTooLong = "25P04";
    private const string UndefinedTable = "42P01", UndefinedFunction = "42883";

    /// <summary>May go away by itself: a database that restarts, fails over, is full or too busy, or a lost connection.</summary>
    public static bool IsTransient(Exception e) => e switch
    {
        PostgresException known => ClassOf(known) is "08" or "40" or "53" or "55" or "57" or "58"
            || known.SqlState is ReadOnlyTransaction or IdleInTransaction or TransactionTooLong,
        NpgsqlException or IOException or SocketException or TimeoutException => true,
        _ => false,
    };

    /// <summary>
    /// A commit is at fault, not the database: a value that does not fit, a broken constraint, what the function refuses, or what cannot
    /// even be sent, such as a text that has no encoding.
    /// </summary>
    public static bool IsCausedByCommit(Exception e) => e switch
    {
        PostgresException known => known.SqlState == RaisedByFunction || ClassOf(known) is "22" or "23",
        _ => !IsOfTheNetwork(e),
    };

    /// <summary>The connection is broken, or to a server that goes away, or nobody knows what state it was left in.</summary>
    public static bool BreaksConnection(Exception e) =>
        e is not PostgresException known || ClassOf(known) is "08" or "57"
            || known.SqlState is ReadOnlyTransaction or IdleInTransaction or TransactionTooLong;

    /// <summary>What the driver throws when a statement could not be run, and not a mistake in the program.</summary>
    public static bool IsFromDriver(Exception e) => e is NpgsqlException or IOException or TimeoutException;

    /// <summary>Another session holds what is to be written, for longer than <see cref="ConnectionBounds"/> lets one wait.</summary>
    public static bool IsLockTimeout(Exception e) => e is PostgresException { SqlState: LockNotAvailable };

    /// <summary>Host, port and database, without user or password.</summary>
    public static string ServerOf(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return $"{settings.Host}:{settings.Port}/{settings.Database}";
    }

    /// <param name="starting">The server is about to end with this message.</param>
    public static StorageException ToStorageException(Exception e, string server, bool starting = false)
    {
        if (e is StorageException known)
            return known;
        var state = (e as PostgresException)?.SqlState;
        var fault = state switch
        {
            { Length: 5 } when state.StartsWith("53", StringComparison.Ordinal) => StorageFault.DiskFull,
            { Length: 5 } when state.StartsWith("28", StringComparison.Ordinal) || state is "42501" => StorageFault.ReadOnly,
            ReadOnlyTransaction => StorageFault.ReadOnly,
            LockNotAvailable => StorageFault.Locked,
            IdleInTransaction or TransactionTooLong => StorageFault.Unreachable,
            { Length: 5 } when state.StartsWith("57", StringComparison.Ordinal)
                || state.StartsWith("08", StringComparison.Ordinal) => StorageFault.Unreachable,
            null when IsOfTheNetwork(e) => StorageFault.Unreachable,
            _ => StorageFault.Other,
        };
        return new StorageException(fault, MessageFor(fault, server, state, e, starting), e);
    }

    private static string MessageFor(StorageFault fault, string server, string? state, Exception e, bool starting) => fault switch
    {
        StorageFault.Unreachable => $"PostgreSQL at {server} cannot be reached ({e.Message}). " +
            $"See that it runs and that Storage:ConnectionString is right{GoesOn(starting)}",
        StorageFault.Locked => $"Another session of PostgreSQL at {server} holds what is to be written ({e.Message}); " +
            $"pg_stat_activity shows which it is. End it{GoesOn(starting)}",
        StorageFault.DiskFull => $"PostgreSQL at {server} is out of disk space, memory or connections ({e.Message}). " +
            $"Give it more{GoesOn(starting)}",
        StorageFault.ReadOnly => $"PostgreSQL at {server} refuses to be written to ({e.Message}). " +
            "Check user and password in Storage:ConnectionString, the rights of that user, and that this is not a standby.",
        _ when state is UndefinedTable or UndefinedFunction => $"The database at {server} lacks what this version needs ({e.Message}). " +
            "Restart the server with a user that may create tables: it brings the schema up to date.",
        _ => $"PostgreSQL at {server} cannot be used ({e.Message}). Look at its log.",
    };

    private static string GoesOn(bool starting) => starting ? ", then start the server again." : "; the server goes on by itself.";

    private static bool IsOfTheNetwork(Exception e) =>
        e is NpgsqlException or IOException or SocketException or TimeoutException or InvalidOperationException or StorageException;

    private static string ClassOf(PostgresException e) => e.SqlState[..2];
}
