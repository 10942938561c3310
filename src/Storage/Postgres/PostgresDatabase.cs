using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>The database server, and the connections to it.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly string _connectionString;
    private readonly NpgsqlDataSource _writer;

    /// <param name="options">With the connection string.</param>
    /// <exception cref="ArgumentException">The connection string is missing or cannot be read.</exception>
    public PostgresDatabase(StorageOptions options)
    {
        var connectionString = options.ConnectionString ?? throw new ArgumentException(
            "PostgreSQL needs a connection string.", nameof(options));
        _connectionString = PostgresSettings.ForTheLog(connectionString);
        var settings = new NpgsqlConnectionStringBuilder(_connectionString);
        Server = PostgresFaults.ServerOf(_connectionString);
        Source = Build(_connectionString, ConnectionBounds.Common);
        settings.Pooling = false;
        _writer = Build(settings.ConnectionString, ConnectionBounds.Writer);
    }

    /// <summary>Connections for all but the writer.</summary>
    public NpgsqlDataSource Source { get; }

    /// <summary>Host, port and database, without user or password.</summary>
    public string Server { get; }

    /// <summary>Opens the writer's connection. It is not one of a pool, where readers could leave it none.</summary>
    public NpgsqlConnection OpenWriter()
    {
        var connection = _writer.OpenConnection();
        // It has lost the one before, and what lies in the pool was most likely lost with it.
        Source.Clear();
        return connection;
    }

    /// <summary>Connections for a change of the schema. It takes its time, and others wait for it.</summary>
    public NpgsqlDataSource CreateMigrationSource()
    {
        // One holds the lock, and one works.
        var settings = new NpgsqlConnectionStringBuilder(_connectionString) { MinPoolSize = 0, MaxPoolSize = 2 };
        return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await Source.DisposeAsync();
    }

    private static NpgsqlDataSource Build(string connectionString, ConnectionBounds bounds)
    {
        var source = new NpgsqlDataSourceBuilder(connectionString);
        source.UsePhysicalConnectionInitializer(bounds.Apply, bounds.ApplyAsync);
        return source.Build();
    }
}
