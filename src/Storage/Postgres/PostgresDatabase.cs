using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>The database server, and how connections to it are set up.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    // A connection that has lost its server must not be waited for longer than a commit is retried.
    private const int ConnectTimeoutSeconds = 5;
    private const int CommandTimeoutSeconds = 10;
    private const int KeepAliveSeconds = 10;

    // One for the writer; the others read, a page or a row at a time.
    private const int Connections = 20;

    public PostgresDatabase(string connectionString)
    {
        var given = new NpgsqlConnectionStringBuilder(connectionString);
        Server = $"{given.Host}:{given.Port}/{given.Database}";
        Source = new NpgsqlDataSourceBuilder(WithDefaults(connectionString)).Build();
    }

    public NpgsqlDataSource Source { get; }

    /// <summary>Host, port and database, without user or password.</summary>
    public string Server { get; }

    /// <summary>The operator's settings, and ours where there are none.</summary>
    public static string WithDefaults(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        foreach (var (key, value) in (ReadOnlySpan<(string, object)>)
        [
            ("Application Name", "codex-orleans"),
            ("Timeout", ConnectTimeoutSeconds),
            ("Command Timeout", CommandTimeoutSeconds),
            ("Keepalive", KeepAliveSeconds),
            ("Maximum Pool Size", Connections),
            ("Max Auto Prepare", 32),
            ("Auto Prepare Min Usages", 2),
            // A connection is used as it was left: nobody sets anything on it, and with prepared statements the reset is seven more.
            ("No Reset On Close", true),
        ])
        {
            if (!builder.ShouldSerialize(key))
                builder[key] = value;
        }

        return builder.ConnectionString;
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
