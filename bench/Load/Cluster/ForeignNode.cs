using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Cluster;

/// <summary>What it costs a viewer that its node is not the thread's owner.</summary>
internal static class ForeignNode
{
    private static readonly int[] _turns = [1, 10, 50];

    public static async Task<ClusterReport> Measure(ClusterRun run, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.Start(countStatements: false, cancellationToken);
        await using var cluster = await NodeCluster.Start("foreign", 2, run.In("foreign"), postgres, quotas: false, cancellationToken);
        var table = new TextTable("turns at once", "figure", "at the owner's node", "at another node", "added", "ratio");
        var figures = new List<object>();
        foreach (var count in _turns)
        {
            var threads = await ClusterThreads.Make(cluster, count, owner: _ => 0, cancellationToken);
            var rows = (Owner: new List<LoadRow>(), Other: new List<LoadRow>());
            for (var pass = 0; pass <= run.Runs; pass++)
            {
                // They take turns in going first.
                for (var i = 0; i < 2; i++)
                {
                    var viewer = (pass + i) % 2;
                    var row = await Play(run, cluster, threads, viewer, pass, cancellationToken);
                    if (pass > 0)
                        (viewer == 0 ? rows.Owner : rows.Other).Add(row);
                }
            }

            if (await ClusterThreads.Strayed(cluster, threads, cancellationToken) is var strayed and > 0)
                throw new InvalidOperationException($"{strayed} of {count} threads did not stay with their owner, so that the viewers' places are not what the row says.");
            Add(table, figures, count, "latency p50 ms", rows, row => row.Latency?.P50);
            Add(table, figures, count, "latency p99 ms", rows, row => row.Latency?.P99);
            Add(table, figures, count, "first event p50 ms", rows, row => row.FirstEvent?.P50);
        }

        return new ClusterReport("Foreign node: the viewer at the thread's owner, and at another node", table.ToString(), figures);
    }

    private static async Task<LoadRow> Play(ClusterRun run, NodeCluster cluster, string[] threads, int viewer, int pass, CancellationToken cancellationToken)
    {
        var scenario = Scenario.Named("steady")! with { Name = "foreign", Clients = threads.Length };
        var result = new LoadResult(scenario.ExpectedEvents);
        var plans = threads.Select((thread, place) => ClusterThreads.Turn(scenario, cluster.Nodes[viewer], thread, place, result));
        var (_, rows) = await run.Play(cluster, $"pass {pass}, foreign-{threads.Length}, viewer {(viewer == 0 ? "at the owner" : "elsewhere")}", scenario, plans, [result], cancellationToken);
        return rows[0];
    }

    private static void Add(TextTable table, List<object> figures, int turns, string figure, (List<LoadRow> Owner, List<LoadRow> Other) rows, Func<LoadRow, double?> read)
    {
        var owner = Medians.Of(rows.Owner.Select(row => read(row) ?? double.NaN));
        var other = Medians.Of(rows.Other.Select(row => read(row) ?? double.NaN));
        table.Add($"{turns}", figure, TextTable.Figure(owner), TextTable.Figure(other), TextTable.Figure(other - owner), TextTable.Figure(other / owner));
        figures.Add(new { turns, figure, owner, other, added = other - owner, ratio = other / owner });
    }
}
