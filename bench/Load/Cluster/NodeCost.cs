using CodexOrleans.Load.Commands;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Cluster;

/// <summary>One node on PostgreSQL against the same server alone on SQLite, and against the seed: what the cluster costs who has one node.</summary>
internal static class NodeCost
{
    private static readonly string[] _rows = ["ttfe", "turns-8", "steady-1", "steady-10", "steady-50", "burst-4"];

    public static async Task<ClusterReport> Measure(ClusterRun run, CancellationToken cancellationToken)
    {
        var kinds = run.In("cost");
        await using var postgres = await PostgresProcess.Start(countStatements: false, cancellationToken);
        await using var cluster = await NodeCluster.Start("node", 1, kinds, postgres, quotas: false, cancellationToken);
        await using var fleet = await Fleet.Start(kinds, ServerKinds.Names, cancellationToken);
        var node = cluster.Nodes[0];
        var workspace = Directory.CreateDirectory(Path.Combine(kinds.Folder, "workspace")).FullName;
        var rows = CompareRow.All.Where(row => _rows.Contains(row.Name)).Select(row => row.In(workspace)).ToArray();
        var comparison = new Comparison(rows, [.. fleet.Servers, node], companion: postgres.Id);
        for (var pass = 0; pass <= run.Runs; pass++)
            await comparison.Pass(cancellationToken);
        run.Played.AddRange(comparison.Played.Select(played => played.Figures));

        var table = new TextTable("row", "figure", "node, PostgreSQL", "embedded, SQLite", "better seed", "node / embedded", "node / seed");
        var figures = new List<object>();
        foreach (var row in rows)
        {
            foreach (var figure in row.Figures)
            {
                double On(string server) => comparison.Median(cold: false, row.Name, server, figure.Name);
                var (clustered, embedded) = (On(node.Name), On(ServerKinds.Ours));
                var seed = ServerKinds.Names.Where(ServerKinds.IsSeed).Select(On).Aggregate(figure.Better);
                table.Add(row.Name, figure.Name, TextTable.Figure(clustered), TextTable.Figure(embedded), TextTable.Figure(seed), TextTable.Figure(clustered / embedded), TextTable.Figure(clustered / seed));
                figures.Add(new { row = row.Name, figure = figure.Name, lower_is_better = figure.LowerIsBetter, node = clustered, embedded, seed });
            }
        }

        return new ClusterReport("Node against embedded", table.ToString(), figures);
    }
}
