using System.Text.Json;
using System.Text.Json.Serialization;
using CodexOrleans.Load.Measures;

namespace CodexOrleans.Load.Commands;

/// <summary>Rows as a table and as JSON.</summary>
internal static class LoadReport
{
    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Table(IEnumerable<LoadRow> rows)
    {
        var table = new TextTable(
            "scenario", "server", "turns", "events/s", "possible", "turns/s", "lat p50", "p90", "p99", "max", "1st event p50", "p99", "1st byte p50",
            "done p50", "server us/ev", "children", "generator", "MiB", "tree", "threads", "machine", "rest", "");
        foreach (var row in rows)
        {
            table.Add(
                $"{row.Scenario}-c{row.Clients}", row.Server ?? "", $"{row.Turns}", Figure(row.EventsPerSecond), Figure(row.PossibleEventsPerSecond), Figure(row.TurnsPerSecond),
                Figure(row.Latency?.P50), Figure(row.Latency?.P90), Figure(row.Latency?.P99), Figure(row.Latency?.Max),
                Figure(row.FirstEvent?.P50), Figure(row.FirstEvent?.P99), Figure(row.FirstByte?.P50), Figure(row.Done?.P50),
                Figure(row.ServerCpuMicrosecondsPerEvent), Figure(row.ChildrenCpuMicrosecondsPerEvent), Figure(row.GeneratorCpuMicrosecondsPerEvent),
                Figure(row.PeakMebibytes), Figure(row.PeakTreeMebibytes), $"{row.Threads}", TextTable.Percent(row.MachineBusy), TextTable.Percent(row.RestBusy),
                (row.Faultless ? "" : "FAULTY ") + (row.Noisy ? "noisy" : ""));
        }

        return table.ToString();
    }

    /// <summary>Names every fault; returns the exit code.</summary>
    public static int Faults(IEnumerable<LoadRow> rows)
    {
        var faulty = rows.Where(row => !row.Faultless).ToList();
        foreach (var row in faulty)
            Console.Error.WriteLine($"{row.Scenario}-c{row.Clients} on {row.Server}: {row.Faults}");
        return faulty.Count == 0 ? 0 : 1;
    }

    public static void WriteJson(FileInfo? file, object content)
    {
        if (file is null)
            return;
        file.Directory?.Create();
        File.WriteAllText(file.FullName, JsonSerializer.Serialize(content, _json) + "\n");
    }

    private static string Figure(double? value) => TextTable.Figure(value);
}
