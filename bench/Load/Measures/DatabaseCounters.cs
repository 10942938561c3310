using Npgsql;

namespace CodexOrleans.Load.Measures;

/// <summary>What PostgreSQL has counted so far.</summary>
/// <param name="Transactions">Of one database, committed or rolled back. Each connection tells its own up to ten seconds late.</param>
/// <param name="Statements">Of one database, as clients send them; statements inside functions do not count. NaN when nobody counts.</param>
/// <param name="WalBytes">Written to the write-ahead log, of all databases.</param>
internal readonly record struct DatabaseCounters(double Transactions, double Statements, double WalBytes)
{
    /// <summary>After so long all transactions have been told.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(11);

    private const string CountersSql =
        """
        SELECT (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1)::float8,
               (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8
        """;

    private const string StatementsSql =
        "SELECT coalesce(sum(calls), 0)::float8 FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1";

    private const string MostCalledSql =
        """
        SELECT calls::float8, (s.total_exec_time * 1000)::float8, regexp_replace(left(query, 300), '\s+', ' ', 'g')
        FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1 ORDER BY calls DESC LIMIT 12
        """;

    public static async Task<DatabaseCounters> Read(NpgsqlConnection connection, string database, bool statements, CancellationToken cancellationToken)
    {
        var (transactions, wal) = await Row(connection, CountersSql, database, row => (row.GetDouble(0), row.GetDouble(1)), cancellationToken);
        return new DatabaseCounters(transactions, statements ? await Row(connection, StatementsSql, database, row => row.GetDouble(0), cancellationToken) : double.NaN, wal);
    }

    /// <summary>The statements that were called most since the counting began.</summary>
    public static async Task<IReadOnlyList<CountedStatement>> MostCalled(NpgsqlConnection connection, string database, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, MostCalledSql, database);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var statements = new List<CountedStatement>();
        while (await row.ReadAsync(cancellationToken))
            statements.Add(new CountedStatement(row.GetDouble(0), row.GetDouble(1), row.GetString(2)));
        return statements;
    }

    /// <summary>Connections of clients to one database.</summary>
    public static Task<int> Connections(NpgsqlConnection connection, string database, CancellationToken cancellationToken) => Row(
        connection,
        "SELECT count(*)::int4 FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = $1",
        database,
        row => row.GetInt32(0),
        cancellationToken);

    public static DatabaseCounters operator -(DatabaseCounters end, DatabaseCounters begin) => Subtract(end, begin);

    public static DatabaseCounters Subtract(DatabaseCounters end, DatabaseCounters begin) =>
        new(end.Transactions - begin.Transactions, end.Statements - begin.Statements, end.WalBytes - begin.WalBytes);

    private static async Task<T> Row<T>(NpgsqlConnection connection, string sql, string database, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql, database);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? read(row) : throw new InvalidOperationException($"PostgreSQL knows nothing of the database '{database}'.");
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, string database)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new NpgsqlParameter { Value = database });
        return command;
    }
}

/// <summary>How often a statement was called.</summary>
/// <param name="Microseconds">All its calls together, in the database.</param>
internal sealed record CountedStatement(double Calls, double Microseconds, string Text);
