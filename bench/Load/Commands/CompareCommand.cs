using System.CommandLine;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Commands;

/// <summary><c>compare</c>: our server against the seed, row for row.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var rows = new Option<string>("--rows") { Description = $"all, or some of: {string.Join(",", CompareRow.All.Select(row => row.Name))}", DefaultValueFactory = _ => "all" };
        var runs = new Option<int>("--runs") { Description = "Warm runs of each row; the medians count.", DefaultValueFactory = _ => 5 };
        var servers = new Option<string>("--servers") { Description = "Which servers, of: " + string.Join(",", ServerKinds.Names), DefaultValueFactory = _ => string.Join(",", ServerKinds.Names) };
        var data = new Option<DirectoryInfo?>("--data-directory") { Description = "Where our server keeps its data; a fresh temporary folder unless given." };
        var executable = new Option<FileInfo?>("--ours-executable") { Description = "Program of our server; the published one (artifacts/publish/WebFront/release) unless given." };
        var workspace = new Option<bool>("--one-workspace") { Description = "All turns run in one folder that exists; without it our server makes a folder and git repository for each thread, and the seed makes nothing." };
        var json = new Option<FileInfo?>("--json") { Description = "Also write everything to this file." };
        var command = new Command("compare", "Start our server and the seed with the fake CLI, play the same load on each, and print the ratios.") { rows, runs, servers, data, executable, workspace, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = Chosen(parsed.GetValue(rows)!);
            using var folder = new TemporaryFolder();
            if (parsed.GetValue(workspace))
                chosen = [.. chosen.Select(row => row.In(Directory.CreateDirectory(Path.Combine(folder.Path, "workspace")).FullName))];
            var kinds = new ServerKinds(FakeCli.Build(), folder.Path)
            {
                DataDirectory = parsed.GetValue(data)?.FullName,
                OursExecutable = parsed.GetValue(executable)?.FullName,
            };
            await using var fleet = await Fleet.Start(kinds, ServerNames(parsed.GetValue(servers)!), cancellationToken);
            return await Play(new Comparison(chosen, fleet.Servers), parsed.GetValue(runs), parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    /// <summary>Plays the cold pass and the warm ones, prints the tables, and returns the exit code.</summary>
    public static async Task<int> Play(Comparison comparison, int warmRuns, FileInfo? json, CancellationToken cancellationToken)
    {
        for (var pass = 0; pass <= warmRuns; pass++)
            await comparison.Pass(cancellationToken);

        Console.WriteLine("Cold: the first run of each row since the server's start\n");
        Console.WriteLine(comparison.Table(cold: true));
        if (comparison.Passes > 1)
        {
            Console.WriteLine($"Warm: medians of {comparison.Passes - 1} further runs\n");
            Console.WriteLine(comparison.Table(cold: false));
        }

        LoadReport.WriteJson(json, new { cold = comparison.Figures(cold: true), warm = comparison.Figures(cold: false), runs = comparison.Played });
        return LoadReport.Faults(comparison.Played.Select(played => played.Figures));
    }

    public static string[] ServerNames(string list)
    {
        var names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.FirstOrDefault(name => !ServerKinds.Names.Contains(name)) is { } unknown
            ? throw new ArgumentException($"There is no server '{unknown}'. There are: {string.Join(", ", ServerKinds.Names)}.")
            : names;
    }

    private static IReadOnlyList<CompareRow> Chosen(string list)
    {
        if (list == "all")
            return CompareRow.All;
        var names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. names.Select(name => CompareRow.All.FirstOrDefault(row => row.Name == name)
            ?? throw new ArgumentException($"There is no row '{name}'. There are: {string.Join(", ", CompareRow.All.Select(row => row.Name))}."))];
    }
}
