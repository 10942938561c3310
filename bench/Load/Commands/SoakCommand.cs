using System.CommandLine;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Commands;

/// <summary><c>soak</c>: the same load for a long time, and whether anything grows by it.</summary>
internal static class SoakCommand
{
    private const double GrowthAllowed = 1.15;

    public static Command Create()
    {
        var minutes = new Option<int>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 30 };
        var clients = new Option<int>("--clients") { Description = "Clients at once, each with a pause of half a second between its turns.", DefaultValueFactory = _ => 10 };
        var data = new Option<DirectoryInfo?>("--data-directory") { Description = "Where our server keeps its data; a fresh temporary folder unless given." };
        var executable = new Option<FileInfo?>("--ours-executable") { Description = "Program of our server; the published one (artifacts/publish/WebFront/release) unless given." };
        var json = new Option<FileInfo?>("--json") { Description = "Also write everything to this file." };
        var command = new Command("soak", "Hold a constant load on our server and report every minute.") { minutes, clients, data, executable, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var folder = new TemporaryFolder();
            var directory = parsed.GetValue(data)?.FullName ?? Path.Combine(folder.Path, "data");
            var kinds = new ServerKinds(FakeCli.Build(), folder.Path) { DataDirectory = directory, OursExecutable = parsed.GetValue(executable)?.FullName };
            await using var server = await kinds.Start(ServerKinds.Ours, cancellationToken);
            var scenario = Scenario.Named("steady")! with
            {
                Name = "soak",
                Clients = parsed.GetValue(clients),
                TurnsPerClient = null,
                Duration = TimeSpan.FromMinutes(1),
                Pause = TimeSpan.FromMilliseconds(500),
                Spread = TimeSpan.FromMilliseconds(50),
            };

            var seen = new List<SoakMinute>();
            for (var minute = 1; minute <= parsed.GetValue(minutes); minute++)
            {
                server.ThrowIfEnded();
                var now = SoakMinute.Of(minute, server.Target.Play(scenario, cancellationToken), server.Id, directory);
                seen.Add(now);
                Console.Error.WriteLine(
                    $"minute {minute}: RSS {now.Mebibytes:0} MiB, handles {now.Handles}, threads {now.Threads}, database {now.DatabaseMebibytes:0.0} MiB, WAL {now.WalMebibytes:0.0} MiB, latency p50 {TextTable.Figure(now.Load.Latency?.P50)} p99 {TextTable.Figure(now.Load.Latency?.P99)} ms, rest {TextTable.Percent(now.Load.RestBusy)} {now.Load.Faults}");
            }

            Console.WriteLine(Table(seen));
            Console.WriteLine(Verdict(seen));
            LoadReport.WriteJson(parsed.GetValue(json), seen);
            return LoadReport.Faults(seen.Select(minute => minute.Load));
        });
        return command;
    }

    private static string Table(IEnumerable<SoakMinute> minutes)
    {
        var table = new TextTable("minute", "events", "RSS MiB", "handles", "threads", "database MiB", "WAL MiB", "latency p50 ms", "p99 ms", "server us/ev", "rest");
        foreach (var minute in minutes)
        {
            table.Add(
                $"{minute.Minute}", $"{minute.Load.Events}", TextTable.Figure(minute.Mebibytes), $"{minute.Handles}", $"{minute.Threads}", TextTable.Figure(minute.DatabaseMebibytes),
                TextTable.Figure(minute.WalMebibytes), TextTable.Figure(minute.Load.Latency?.P50), TextTable.Figure(minute.Load.Latency?.P99),
                TextTable.Figure(minute.Load.ServerCpuMicrosecondsPerEvent), TextTable.Percent(minute.Load.RestBusy) + (minute.Load.Noisy ? " noisy" : ""));
        }

        return table.ToString();
    }

    /// <summary>Medians of the first and the last third, the first minute left out: it is the warm-up.</summary>
    private static string Verdict(List<SoakMinute> minutes)
    {
        var third = (minutes.Count - 1) / 3;
        if (third < 1)
            return "Four minutes or more show whether it stays flat.";
        var first = minutes.Slice(1, third);
        var last = minutes.TakeLast(third).ToList();
        string Line(string what, Func<SoakMinute, double> read)
        {
            var (before, after) = (Median(first, read), Median(last, read));
            return $"{what}: {TextTable.Figure(before)} -> {TextTable.Figure(after)}, {(after <= before * GrowthAllowed ? "flat" : "GREW")}";
        }

        return string.Join('\n', [
            Line("RSS MiB", minute => minute.Mebibytes),
            Line("handles", minute => minute.Handles),
            Line("threads", minute => minute.Threads),
            Line("WAL MiB", minute => minute.WalMebibytes),
            Line("latency p50 ms", minute => minute.Load.Latency?.P50 ?? double.NaN),
            Line("latency p99 ms", minute => minute.Load.Latency?.P99 ?? double.NaN),
            Line("server CPU us/event", minute => minute.Load.ServerCpuMicrosecondsPerEvent),
            $"database: {(minutes[^1].DatabaseMebibytes - minutes[0].DatabaseMebibytes) * 1048576 / Math.Max(1, minutes.Skip(1).Sum(minute => minute.Load.Events)):0} bytes per event",
        ]);
    }

    private static double Median(List<SoakMinute> minutes, Func<SoakMinute, double> read) => minutes.Select(read).Order().ElementAt(minutes.Count / 2);

    /// <summary>The server right after a minute of load.</summary>
    private sealed record SoakMinute(int Minute, double Mebibytes, int Handles, int Threads, double DatabaseMebibytes, double WalMebibytes, LoadRow Load)
    {
        public static SoakMinute Of(int minute, LoadRow load, int process, string directory) => new(
            minute,
            ProcFile.ResidentBytes(process) / 1048576.0,
            ProcFile.OpenFiles(process),
            (int)ProcFile.Status(process, "Threads"),
            Size(directory, "*.db"),
            Size(directory, "*.db-wal"),
            load);

        private static double Size(string directory, string files) => new DirectoryInfo(directory).EnumerateFiles(files).Sum(file => file.Length) / 1048576.0;
    }
}
