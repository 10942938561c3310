using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>How connections are set up where the operator's connection string does not say it.</summary>
public static class PostgresSettings
{
    // A connection that has lost its server must not be waited for longer than a commit is retried.
    private static readonly (string Key, object Value)[] _all =
    [
        ("Application Name", "codex-orleans"),
        ("Timeout", 5),
        ("Command Timeout", 10),
        ("Keepalive", 10),
    ];

    private static readonly (string Key, object Value)[] _ofTheLog =
    [
        .. _all,
        // They read, a page or a row at a time, and keep the places of grains. The writer's is beside them.
        ("Maximum Pool Size", 20),
        ("Max Auto Prepare", 32),
        ("Auto Prepare Min Usages", 2),
        // A connection is used as it was left: nobody sets anything on it, and with prepared statements the reset is seven more.
        ("No Reset On Close", true),
    ];

    // Membership and subscriptions: some rows now and then. Npgsql's own limit is 100 for each process.
    private static readonly (string Key, object Value)[] _ofOrleans = [.. _all, ("Maximum Pool Size", 10)];

    /// <summary>The connection string for Orleans' providers, which have a pool of their own.</summary>
    /// <exception cref="ArgumentException">It cannot be read.</exception>
    public static string ForOrleans(string connectionString) => Complete(connectionString, _ofOrleans);

    /// <summary>The connection string for the log and what is kept beside it.</summary>
    /// <exception cref="ArgumentException">It cannot be read.</exception>
    internal static string ForTheLog(string connectionString) => Complete(connectionString, _ofTheLog);

    private static string Complete(string connectionString, (string Key, object Value)[] settings)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        foreach (var (key, value) in settings)
        {
            if (!builder.ShouldSerialize(key))
                builder[key] = value;
        }

        return builder.ConnectionString;
    }
}
