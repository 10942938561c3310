using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Cluster;

/// <summary>What all rows of a cluster's measurement share, and the loads that were played for them.</summary>
/// <param name="Kinds">How servers are started.</param>
/// <param name="Runs">Runs of each load after a first one that does not count; the medians count.</param>
internal sealed record ClusterRun(ServerKinds Kinds, int Runs)
{
    private static readonly TimeSpan _settle = TimeSpan.FromMilliseconds(300);

    /// <summary>All loads, also those that do not count.</summary>
    public List<LoadRow> Played { get; } = [];

    /// <summary>How busy others made the machine in the worst run, from 0 to 1.</summary>
    public double MostRest => Played.Count == 0 ? double.NaN : Played.Max(row => row.RestBusy);

    /// <summary>A part of the measurement, with servers in a folder of its own.</summary>
    public ServerKinds In(string part) => Kinds with { Folder = Directory.CreateDirectory(Path.Combine(Kinds.Folder, part)).FullName };

    /// <summary>Plays the clients once.</summary>
    /// <param name="label">In the messages.</param>
    /// <param name="results">All results that the clients have.</param>
    public async Task<(ClusterUse Use, LoadRow[] Rows)> Play(
        NodeCluster cluster, string label, Scenario scenario, IEnumerable<ClientPlan> plans, LoadResult[] results, CancellationToken cancellationToken)
    {
        WarmUp.Once();
        GC.Collect();
        await Task.Delay(_settle, cancellationToken);
        cluster.ThrowIfEnded();
        using var generator = new LoadGenerator(cluster.Nodes[0].Endpoint, plans);
        var watch = new ClusterWatch([.. cluster.Nodes.Select(node => node.Id)], cluster.Postgres.CpuNanoseconds);
        generator.Run(scenario.Duration, scenario.Patience, cancellationToken);
        var use = watch.Stop();
        var rows = Array.ConvertAll(results, result => LoadRow.Of(scenario, label, result, use: null, generator.CpuNanoseconds) with { RestBusy = use.RestBusy, MachineBusy = use.MachineBusy });
        Played.AddRange(rows);
        foreach (var row in rows)
        {
            Console.Error.WriteLine(
                $"{label}: {row.Turns} turns, {TextTable.Figure(row.TurnsPerSecond)}/s, {TextTable.Figure(row.EventsPerSecond)} events/s, latency p50 {TextTable.Figure(row.Latency?.P50)} p99 {TextTable.Figure(row.Latency?.P99)} ms, rest {TextTable.Percent(row.RestBusy)} {row.Faults}");
        }

        return (use, rows);
    }

    /// <summary>The same load on each of the first nodes.</summary>
    public static IEnumerable<ClientPlan> PlansOn(IEnumerable<ServerProcess> nodes, Scenario scenario, LoadResult result) =>
        nodes.SelectMany(node => scenario.Plans(node.Endpoint, token: null, result));

    /// <summary>The scenario with all turns in one folder, so that no repository is made for each thread.</summary>
    public Scenario InWorkspace(Scenario scenario)
    {
        var workspace = Directory.CreateDirectory(Path.Combine(Kinds.Folder, "workspace")).FullName;
        return scenario with { Body = new() { ["working_directory"] = workspace, ["skip_git_repo_check"] = true } };
    }
}

/// <summary>What one part of the measurement says.</summary>
/// <param name="Table">For people.</param>
/// <param name="Figures">For a file.</param>
internal sealed record ClusterReport(string Heading, string Table, object Figures);
