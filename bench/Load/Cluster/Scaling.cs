using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Cluster;

/// <summary>How much more a cluster does with each node, on one machine: each node and its CLI processes have a fixed quota of CPU time.</summary>
internal static class Scaling
{
    private const int MostNodes = 3;
    private const int WarmUps = 3;

    /// <summary>What the runtime compiles once more in the background after a warm-up is not to be paid from the quota.</summary>
    private static readonly TimeSpan _compiled = TimeSpan.FromSeconds(15);

    private static readonly Scenario _turns = Scenario.Named("turns")! with { Name = "scaling-turns", Clients = 4, Duration = TimeSpan.FromSeconds(5) };
    private static readonly Scenario _burst = Scenario.Named("burst")! with { Name = "scaling-burst", Clients = 4, TurnsPerClient = 3 };

    /// <param name="quota">Cores for each node.</param>
    public static async Task<ClusterReport> Measure(ClusterRun run, double quota, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.Start(countStatements: false, cancellationToken);
        var clusters = new List<NodeCluster>();
        try
        {
            // All stay up, and take turns: idle they cost next to nothing, and what the machine does meanwhile is the same for all.
            for (var nodes = 1; nodes <= MostNodes; nodes++)
                clusters.Add(await NodeCluster.Start($"scaling{nodes}", nodes, run.In("scaling"), postgres, quotas: true, cancellationToken));
            for (var pass = 0; pass < WarmUps; pass++)
            {
                foreach (var cluster in clusters)
                {
                    await Play(run, cluster, _turns, "warm-up", cancellationToken);
                    await Play(run, cluster, _burst, "warm-up", cancellationToken);
                }
            }

            await Task.Delay(_compiled, cancellationToken);
            foreach (var limit in clusters.SelectMany(cluster => cluster.Quotas))
                limit.Set(quota);
            var played = new List<Point>();
            for (var pass = 0; pass <= run.Runs; pass++)
            {
                foreach (var cluster in clusters)
                {
                    var points = new[] { await Play(run, cluster, _turns, $"pass {pass}", cancellationToken), await Play(run, cluster, _burst, $"pass {pass}", cancellationToken) };
                    if (pass > 0)
                        played.AddRange(points);
                }
            }

            return Report(played, quota);
        }
        finally
        {
            foreach (var cluster in clusters)
                await cluster.DisposeAsync();
        }
    }

    private static async Task<Point> Play(ClusterRun run, NodeCluster cluster, Scenario scenario, string pass, CancellationToken cancellationToken)
    {
        var result = new LoadResult(scenario.ExpectedEvents * cluster.Nodes.Count);
        var plans = ClusterRun.PlansOn(cluster.Nodes, run.InWorkspace(scenario), result);
        var (use, rows) = await run.Play(cluster, $"{pass}, {scenario.Name} on {cluster.Nodes.Count} nodes", scenario, plans, [result], cancellationToken);
        return new Point(cluster.Nodes.Count, scenario == _turns ? "turns/s" : "events/s in bursts", scenario == _turns ? rows[0].TurnsPerSecond : rows[0].EventsPerSecond, use);
    }

    private static ClusterReport Report(List<Point> played, double quota)
    {
        var table = new TextTable("nodes", "figure", "value", "to one node", "quota used", "PostgreSQL, cores", "machine");
        var figures = new List<object>();
        foreach (var load in played.GroupBy(point => point.Figure))
        {
            var one = double.NaN;
            foreach (var size in load.GroupBy(point => point.Nodes).OrderBy(size => size.Key))
            {
                var value = Medians.Of(size.Select(point => point.Value));
                if (size.Key == 1)
                    one = value;
                var used = Medians.Of(size.Select(point => (point.Use.NodeCpuSeconds.Sum() + point.Use.ChildrenCpuSeconds.Sum()) / (point.Use.Seconds * quota * size.Key)));
                var database = Medians.Of(size.Select(point => point.Use.DatabaseCpuSeconds / point.Use.Seconds));
                var machine = Medians.Of(size.Select(point => point.Use.MachineBusy));
                table.Add($"{size.Key}", load.Key, TextTable.Figure(value), TextTable.Figure(value / one), TextTable.Percent(used), TextTable.Figure(database), TextTable.Percent(machine));
                figures.Add(new { nodes = size.Key, figure = load.Key, value, factor = value / one, quota_used = used, database_cores = database, machine });
            }
        }

        return new ClusterReport($"Scaling: nodes with {TextTable.Figure(quota)} cores each, their CLI processes included", table.ToString(), figures);
    }

    private sealed record Point(int Nodes, string Figure, double Value, ClusterUse Use);
}
