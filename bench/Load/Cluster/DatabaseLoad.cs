using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;
using Npgsql;

namespace CodexOrleans.Load.Cluster;

/// <summary>What PostgreSQL has to do for an event and for a turn, and for a cluster that does nothing.</summary>
internal static class DatabaseLoad
{
    private const int Nodes = 3;
    private const string Database = "load";
    private static readonly TimeSpan _idleSpan = TimeSpan.FromSeconds(30);

    private static readonly Load[] _loads =
    [
        // One turn alone: nobody's event can join its commits.
        new("one event per commit", 1, new Scenario { Name = "single", Clients = 1, Events = 500, EveryMicroseconds = 10_000 }, PerTurn: false),
        new("50 turns at 100 events/s", Nodes, Scenario.Named("steady")! with { Name = "paced", Clients = 17 }, PerTurn: false),
        new("bursts", Nodes, Scenario.Named("burst")! with { Name = "bursts", Clients = 2 }, PerTurn: false),
        new("turns of one event", Nodes, Scenario.Named("turns")! with { Name = "turns", Clients = 3 }, PerTurn: true),
        new("the same, and the CLI's record of each is kept", Nodes, Scenario.Named("turns")! with { Name = "records", Clients = 3, RecordBytes = ClusterThreads.RecordBytes }, PerTurn: true),
    ];

    public static async Task<ClusterReport> Measure(ClusterRun run, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.Start(countStatements: true, cancellationToken);
        await using var cluster = await NodeCluster.Start(Database, Nodes, run.In("load"), postgres, quotas: false, cancellationToken);
        await using var connection = await postgres.Connect(cancellationToken);
        await Execute(connection, "CREATE EXTENSION pg_stat_statements", cancellationToken);
        foreach (var load in _loads)
            await Play(run, cluster, load, "warm-up", cancellationToken);

        var idle = await Idle(cluster, connection, cancellationToken);
        var costs = new List<Cost>();
        for (var pass = 1; pass <= run.Runs; pass++)
        {
            foreach (var load in _loads)
                costs.Add(await Measure(run, cluster, connection, load, pass, idle.TransactionsPerSecond, cancellationToken));
        }

        return Report(idle, costs);
    }

    private static async Task<Cost> Measure(ClusterRun run, NodeCluster cluster, NpgsqlConnection connection, Load load, int pass, double idlePerSecond, CancellationToken cancellationToken)
    {
        await Execute(connection, "SELECT pg_stat_statements_reset()", cancellationToken);
        var before = await DatabaseCounters.Read(connection, Database, statements: true, cancellationToken);
        var begin = DateTime.UtcNow;
        var (use, row) = await Play(run, cluster, load, $"pass {pass}", cancellationToken);
        var after = await DatabaseCounters.Read(connection, Database, statements: true, cancellationToken);
        var statements = await DatabaseCounters.MostCalled(connection, Database, cancellationToken);
        await Task.Delay(DatabaseCounters.Delay, cancellationToken);
        var told = await DatabaseCounters.Read(connection, Database, statements: false, cancellationToken);
        var count = Math.Max(1, load.PerTurn ? row.Turns : row.Events);
        var counted = after - before;
        var transactions = told.Transactions - before.Transactions - idlePerSecond * (DateTime.UtcNow - begin).TotalSeconds;
        Say(load.Name, statements, count, load.PerTurn ? "turn" : "event");
        return new Cost(
            load.Name,
            load.PerTurn ? "turn" : "event",
            transactions / count,
            counted.Statements / count,
            counted.WalBytes / count,
            use.DatabaseCpuSeconds * 1e6 / count,
            statements);
    }

    private static async Task<(ClusterUse Use, LoadRow Row)> Play(ClusterRun run, NodeCluster cluster, Load load, string pass, CancellationToken cancellationToken)
    {
        var result = new LoadResult(load.Scenario.ExpectedEvents * load.Nodes);
        var plans = ClusterRun.PlansOn(cluster.Nodes.Take(load.Nodes), run.InWorkspace(load.Scenario), result);
        var (use, rows) = await run.Play(cluster, $"{pass}, {load.Name}", load.Scenario, plans, [result], cancellationToken);
        return (use, rows[0]);
    }

    private static async Task<IdleCost> Idle(NodeCluster cluster, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await Task.Delay(DatabaseCounters.Delay, cancellationToken);
        await Execute(connection, "SELECT pg_stat_statements_reset()", cancellationToken);
        var before = await DatabaseCounters.Read(connection, Database, statements: true, cancellationToken);
        var cpu = cluster.Postgres.CpuNanoseconds();
        await Task.Delay(_idleSpan, cancellationToken);
        var use = await DatabaseCounters.Read(connection, Database, statements: true, cancellationToken) - before;
        var seconds = _idleSpan.TotalSeconds;
        var idle = new IdleCost(
            use.Transactions / seconds,
            use.Statements / seconds,
            use.WalBytes / seconds,
            (cluster.Postgres.CpuNanoseconds() - cpu) / 1e7 / seconds,
            await DatabaseCounters.MostCalled(connection, Database, cancellationToken));
        Say("idle", idle.MostCalled, seconds, "s");
        return idle;
    }

    private static ClusterReport Report(IdleCost idle, List<Cost> costs)
    {
        var table = new TextTable("load", "for each", "transactions", "statements", "WAL bytes", "PostgreSQL CPU us");
        var medians = costs.GroupBy(cost => (cost.Load, cost.Unit)).Select(runs => new Cost(
            runs.Key.Load,
            runs.Key.Unit,
            Medians.Of(runs.Select(cost => cost.Transactions)),
            Medians.Of(runs.Select(cost => cost.Statements)),
            Medians.Of(runs.Select(cost => cost.WalBytes)),
            Medians.Of(runs.Select(cost => cost.CpuMicroseconds)),
            runs.Last().MostCalled)).ToArray();
        foreach (var cost in medians)
            table.Add(cost.Load, cost.Unit, Small(cost.Transactions), Small(cost.Statements), TextTable.Figure(cost.WalBytes), TextTable.Figure(cost.CpuMicroseconds));
        table.Add($"{Nodes} idle nodes", "second", TextTable.Figure(idle.TransactionsPerSecond), TextTable.Figure(idle.StatementsPerSecond), TextTable.Figure(idle.WalBytesPerSecond), TextTable.Figure(idle.CpuPercent * 10_000));
        return new ClusterReport("PostgreSQL's load", table.ToString(), new { idle, loads = medians, runs = costs.Select(cost => cost with { MostCalled = [] }) });
    }

    private static string Small(double value) => value < 0.1 ? value.ToString("0.0000") : TextTable.Figure(value);

    private static void Say(string load, IEnumerable<CountedStatement> statements, double count, string unit)
    {
        foreach (var statement in statements)
            Console.Error.WriteLine($"{load}: {statement.Calls / count:0.000}/{unit}, {statement.Microseconds / statement.Calls:0} us: {statement.Text[..Math.Min(110, statement.Text.Length)]}");
    }

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <param name="Nodes">How many of the nodes are asked; each by the scenario's clients.</param>
    private sealed record Load(string Name, int Nodes, Scenario Scenario, bool PerTurn);

    private sealed record Cost(string Load, string Unit, double Transactions, double Statements, double WalBytes, double CpuMicroseconds, IReadOnlyList<CountedStatement> MostCalled);

    private sealed record IdleCost(double TransactionsPerSecond, double StatementsPerSecond, double WalBytesPerSecond, double CpuPercent, IReadOnlyList<CountedStatement> MostCalled);
}
