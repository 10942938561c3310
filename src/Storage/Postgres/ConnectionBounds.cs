using Npgsql;

namespace CodexOrleans.Storage.Postgres;

/// <summary>
/// How long the server lets a session wait for others, or others for it: a node that is lost in the middle of a transaction holds row
/// locks, and nobody else would end it. Whatever the operator has set, for the server, the database, the user or in the connection
/// string, stays.
/// </summary>
internal sealed class ConnectionBounds
{
    // Noticed are a peer that is gone, after 25 s, and a lock that others hold, well before the command's own timeout, which would cost
    // the connection.
    private static readonly (string Name, string Value)[] _common =
    [
        ("tcp_keepalives_idle", "10s"),
        ("tcp_keepalives_interval", "5s"),
        ("tcp_keepalives_count", "3"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ];

    private readonly string _statement;

    // Not as parameters of the connection's start: there, a setting that the server does not know is an error, and so is any for some
    // proxies.
    private ConnectionBounds(params (string Name, string Value)[] bounds) => _statement =
        $"""
        SELECT set_config(name, bound, false) FROM pg_settings
        JOIN (VALUES {string.Join(", ", bounds.Select(bound => $"('{bound.Name}', '{bound.Value}')"))}) AS bounds (name, bound) USING (name)
        WHERE source = 'default'
        """;

    public static ConnectionBounds Common { get; } = new(_common);

    /// <summary>A group is one transaction, sent in one go. PostgreSQL can end one that is not from version 17 on.</summary>
    public static ConnectionBounds Writer { get; } = new([.. _common, ("transaction_timeout", "30s")]);

    public void Apply(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(_statement, connection);
        command.ExecuteNonQuery();
    }

    public async Task ApplyAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(_statement, connection);
        await command.ExecuteNonQueryAsync();
    }
}
