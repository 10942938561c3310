using System.CommandLine;
using System.Text.Json.Nodes;
using CodexOrleans.Load.Http;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Commands;

/// <summary><c>shape</c>: how our server's costs grow with turns, with viewers and with the length of a thread.</summary>
internal static class ShapeCommand
{
    private const int Repetitions = 30;
    private static readonly int[] _turns = [1, 10, 50, 200, 500, 1000];
    private static readonly int[] _viewers = [1, 10, 100, 1000];
    private static readonly int[] _lengths = [10, 10_000, 1_000_000];

    // Viewers are there before the first event.
    private static readonly TimeSpan _attachTime = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var what = new Option<string>("--what") { Description = "all, or some of: turns,viewers,length", DefaultValueFactory = _ => "all" };
        var executable = new Option<FileInfo?>("--ours-executable") { Description = "Program of our server; the published one (artifacts/publish/WebFront/release) unless given." };
        var json = new Option<FileInfo?>("--json") { Description = "Also write everything to this file." };
        var command = new Command("shape", "Measure how our server's costs grow.") { what, executable, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var chosen = parsed.GetValue(what)!;
            bool Wanted(string part) => chosen == "all" || chosen.Split(',').Contains(part);

            using var folder = new TemporaryFolder();
            var kinds = new ServerKinds(FakeCli.Build(), folder.Path) { OursExecutable = parsed.GetValue(executable)?.FullName };
            await using var server = await kinds.Start(ServerKinds.Ours, cancellationToken);
            var rows = new List<LoadRow>();
            var lengths = new List<LengthRow>();
            if (Wanted("turns"))
            {
                foreach (var count in _turns)
                    Add(rows, server.Target.Play(Scenario.Named("steady")! with { Clients = count }, cancellationToken));
            }

            if (Wanted("viewers"))
            {
                foreach (var count in _viewers)
                    Add(rows, await PlayViewers(server.Target, kinds.CodexHome, count, cancellationToken));
            }

            if (rows.Count > 0)
                Console.WriteLine(LoadReport.Table(rows));
            if (Wanted("length"))
            {
                foreach (var events in _lengths)
                    lengths.Add(await PlayLength(server.Target, kinds.CodexHome, events, rows, cancellationToken));
                Console.WriteLine(Table(lengths));
            }

            LoadReport.WriteJson(parsed.GetValue(json), new { loads = rows, lengths });
            return LoadReport.Faults(rows);
        });
        return command;
    }

    private static void Add(List<LoadRow> rows, LoadRow row)
    {
        rows.Add(row);
        Console.Error.WriteLine($"{row.Scenario}-c{row.Clients}: latency p50 {TextTable.Figure(row.Latency?.P50)}, p99 {TextTable.Figure(row.Latency?.P99)} ms, {row.Faults}");
    }

    /// <summary>One turn of 100 events per second that many watch. The row counts events as received, by all viewers together.</summary>
    private static async Task<LoadRow> PlayViewers(LoadTarget target, string codexHome, int viewers, CancellationToken cancellationToken)
    {
        using var threads = new ThreadClient(target, codexHome);
        var (thread, head) = await threads.Create(events: 1, cancellationToken);
        var turn = new Scenario { Name = "writer", Clients = 1, Events = 500, EveryMicroseconds = 10_000, Body = new JsonObject { ["thread_id"] = thread } };
        var scenario = turn with { Name = "viewers", Clients = viewers };
        var seen = new LoadResult(viewers * turn.Events);
        var written = new LoadResult(turn.Events);
        var follow = RequestText.Follow(target.Endpoint, $"/api/codex/threads/{thread}/events", target.Token, head);
        var plans = Enumerable.Range(0, viewers)
            .Select(viewer => new ClientPlan
            {
                Kind = RequestKind.Follow,
                Request = follow,
                StartAfter = TimeSpan.FromMilliseconds(viewer),
                Events = turn.Events,
                Result = seen,
            })
            .Concat(turn.Plans(target.Endpoint, target.Token, written).Select(writer => writer with { StartAfter = _attachTime }));
        var row = target.Play(scenario, plans, seen, cancellationToken);
        // The viewers waited for the turn to begin; only from then on is there a rate.
        var seconds = Math.Max(1e-9, (seen.LastEndAt - written.FirstRequestAt) / 1e9);
        return row with
        {
            Seconds = seconds,
            EventsPerSecond = row.Events / seconds,
            TurnsPerSecond = 0,
            FirstEvent = null,
            FirstText = null,
            Done = null,
            FailedTurns = row.FailedTurns + written.FailedTurns,
            Failures = [.. row.Failures, .. written.Failures],
        };
    }

    private static async Task<LengthRow> PlayLength(LoadTarget target, string codexHome, int events, List<LoadRow> rows, CancellationToken cancellationToken)
    {
        using var threads = new ThreadClient(target, codexHome);
        var (thread, head) = await threads.Create(events, cancellationToken);
        var attach = await threads.Attach(thread, head, Repetitions, cancellationToken);
        var page = await threads.ReadPage(thread, head / 2, Repetitions, cancellationToken);
        var turn = Scenario.Named("ttfe")! with { Name = $"append-to-{events}", TurnsPerClient = Repetitions, Body = new JsonObject { ["thread_id"] = thread } };
        var append = target.Play(turn, cancellationToken);
        rows.Add(append);
        Console.Error.WriteLine($"thread of {events} events done {append.Faults}");
        return new LengthRow(events, Distribution.Of(attach), Distribution.Of(page), append.FirstEvent, append.Done);
    }

    private static string Table(IEnumerable<LengthRow> lengths)
    {
        var table = new TextTable("events", "attach at the end p50 ms", "p99", "page in the middle p50 ms", "p99", "append: first event p50 ms", "p99", "done p50 ms");
        foreach (var row in lengths)
        {
            table.Add(
                $"{row.Events:#,0}", TextTable.Figure(row.Attach?.P50), TextTable.Figure(row.Attach?.P99), TextTable.Figure(row.Page?.P50), TextTable.Figure(row.Page?.P99),
                TextTable.Figure(row.AppendFirstEvent?.P50), TextTable.Figure(row.AppendFirstEvent?.P99), TextTable.Figure(row.AppendDone?.P50));
        }

        return table.ToString();
    }

    private sealed record LengthRow(int Events, Distribution? Attach, Distribution? Page, Distribution? AppendFirstEvent, Distribution? AppendDone);
}
