using System.CommandLine;
using CodexOrleans.Load.Cluster;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Commands;

/// <summary><c>cluster</c>: what nodes on PostgreSQL cost and gain.</summary>
internal static class ClusterCommand
{
    private static readonly string[] _rows = ["foreign", "scaling", "many", "postgres", "cost"];

    public static Command Create()
    {
        var rows = new Option<string>("--rows") { Description = $"all, or some of: {string.Join(",", _rows)}", DefaultValueFactory = _ => "all" };
        var runs = new Option<int>("--runs") { Description = "Runs of each load; the medians count.", DefaultValueFactory = _ => 3 };
        var quota = new Option<double>("--quota") { Description = "Cores of each node in the scaling rows.", DefaultValueFactory = _ => 0.25 };
        var idle = new Option<int>("--idle-threads") { Description = "Threads with history in the row of many threads.", DefaultValueFactory = _ => 5_000 };
        var live = new Option<int>("--live-threads") { Description = "Live threads in that row.", DefaultValueFactory = _ => 500 };
        var seconds = new Option<int>("--live-seconds") { Description = "Length of their turns.", DefaultValueFactory = _ => 40 };
        var executable = new Option<FileInfo?>("--ours-executable") { Description = "Program of our server; the published one (artifacts/publish/WebFront/release) unless given." };
        var json = new Option<FileInfo?>("--json") { Description = "Also write everything to this file." };
        var command = new Command("cluster", "Start PostgreSQL and nodes on it, and measure what they cost and gain.") { rows, runs, quota, idle, live, seconds, executable, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var folder = new TemporaryFolder();
            var kinds = new ServerKinds(FakeCli.Build(), folder.Path) { OursExecutable = parsed.GetValue(executable)?.FullName };
            var many = new ManyThreads(parsed.GetValue(idle), parsed.GetValue(live), parsed.GetValue(seconds));
            var reports = new List<(ClusterReport Report, double Others)>();
            var played = new List<LoadRow>();
            foreach (var row in Chosen(parsed.GetValue(rows)!))
            {
                var run = new ClusterRun(kinds, parsed.GetValue(runs));
                var report = await (row switch
                {
                    "foreign" => ForeignNode.Measure(run, cancellationToken),
                    "scaling" => Scaling.Measure(run, parsed.GetValue(quota), cancellationToken),
                    "many" => many.Measure(run, cancellationToken),
                    "postgres" => DatabaseLoad.Measure(run, cancellationToken),
                    _ => NodeCost.Measure(run, cancellationToken),
                });
                reports.Add((report, run.MostRest));
                played.AddRange(run.Played);
                // Now, and not at the end: each part takes minutes, and what ends the next one takes nothing from this one.
                Console.WriteLine($"{report.Heading}; others took at most {TextTable.Percent(run.MostRest)} of the machine in a run\n\n{report.Table}");
            }

            LoadReport.WriteJson(parsed.GetValue(json), new { reports = reports.Select(report => new { report.Report.Heading, report.Report.Figures, others = report.Others }), loads = played });
            return LoadReport.Faults(played);
        });
        return command;
    }

    private static string[] Chosen(string list)
    {
        if (list == "all")
            return _rows;
        var names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.FirstOrDefault(name => !_rows.Contains(name)) is { } unknown
            ? throw new ArgumentException($"There is no row '{unknown}'. There are: {string.Join(", ", _rows)}.")
            : names;
    }
}
