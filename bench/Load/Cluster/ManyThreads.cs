using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Turns;
using Npgsql;

namespace CodexOrleans.Load.Cluster;

/// <summary>A cluster of three nodes with thousands of threads of which hundreds are live: each a slow stream of events that one viewer watches.</summary>
/// <param name="Idle">Threads with history that nobody watches.</param>
/// <param name="Live">Threads with a running turn and a viewer, a third of them at the owner's node.</param>
/// <param name="Seconds">Of each turn, with an event each.</param>
internal sealed record ManyThreads(int Idle, int Live, int Seconds)
{
    private const int Nodes = 3;
    private const int MakersPerNode = 8;
    private const int EventsOfHistory = 20;

    // turn.submitted, thread.started, turn.started and turn.completed.
    private const int EventsAround = 4;

    private static readonly TimeSpan _rest = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan _idleSpan = TimeSpan.FromSeconds(15);

    public async Task<ClusterReport> Measure(ClusterRun run, CancellationToken cancellationToken)
    {
        await using var postgres = await PostgresProcess.Start(countStatements: false, cancellationToken);
        await using var cluster = await NodeCluster.Start("many", Nodes, run.In("many"), postgres, quotas: false, cancellationToken);
        await using var connection = await postgres.Connect(cancellationToken);
        var quiet = new List<Quiet> { await Rest("started", cluster, connection, cancellationToken) };
        await MakeHistories(run, cluster, cancellationToken);
        var threads = await ClusterThreads.Make(cluster, Live, owner: place => place % Nodes, cancellationToken);
        quiet.Add(await Rest($"with {Idle:#,0} idle threads", cluster, connection, cancellationToken));
        var played = new List<Played>();
        for (var pass = 1; pass <= run.Runs; pass++)
        {
            played.Add(await Play(run, cluster, connection, threads, pass, cancellationToken));
            quiet.Add(await Rest($"after run {pass} of {Live:#,0} live ones", cluster, connection, cancellationToken));
        }

        await Check(cluster, threads, run.Runs, cancellationToken);
        return Report(played, quiet);
    }

    private async Task MakeHistories(ClusterRun run, NodeCluster cluster, CancellationToken cancellationToken)
    {
        var scenario = run.InWorkspace(new Scenario { Name = "histories", Clients = MakersPerNode, TurnsPerClient = TurnsPerMaker, Events = EventsOfHistory, RecordBytes = ClusterThreads.RecordBytes });
        var result = new LoadResult(scenario.ExpectedEvents * Nodes);
        await run.Play(cluster, "histories", scenario, ClusterRun.PlansOn(cluster.Nodes, scenario, result), [result], cancellationToken);
    }

    private int TurnsPerMaker => (int)Math.Ceiling(Idle / (double)(Nodes * MakersPerNode));

    private async Task<Played> Play(ClusterRun run, NodeCluster cluster, NpgsqlConnection connection, string[] threads, int pass, CancellationToken cancellationToken)
    {
        var scenario = new Scenario { Name = "live", Clients = Live, Events = Seconds, EveryMicroseconds = 1_000_000, Spread = TimeSpan.FromMilliseconds(20) };
        var (owner, other) = (new LoadResult(scenario.ExpectedEvents), new LoadResult(scenario.ExpectedEvents));
        var plans = threads.Select((thread, place) =>
        {
            var viewer = place / Nodes % Nodes;
            return ClusterThreads.Turn(scenario, cluster.Nodes[viewer], thread, place, viewer == place % Nodes ? owner : other);
        });
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connections = MostConnections(connection, cluster.Name, done.Token);
        var (use, _) = await run.Play(cluster, $"pass {pass}, live", scenario, plans, [owner, other], cancellationToken);
        await done.CancelAsync();
        var all = new Samples(scenario.ExpectedEvents);
        all.Add(owner.Latency);
        all.Add(other.Latency);
        return new Played(use, owner.Events + other.Events, Distribution.Of(all), Distribution.Of(owner.Latency), Distribution.Of(other.Latency), await connections);
    }

    private static Task<int> MostConnections(NpgsqlConnection connection, string database, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            var most = 0;
            try
            {
                while (true)
                {
                    most = Math.Max(most, await DatabaseCounters.Connections(connection, database, CancellationToken.None));
                    await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
                }
            }
            catch (OperationCanceledException)
            {
                return most;
            }
        },
        CancellationToken.None);

    private static async Task<Quiet> Rest(string when, NodeCluster cluster, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await Task.Delay(_rest, cancellationToken);
        var database = cluster.Postgres.CpuNanoseconds();
        var cpu = await IdleCpu.Measure([.. cluster.Nodes.Select(node => node.Id)], _idleSpan, cancellationToken);
        var quiet = new Quiet(
            when,
            [.. cluster.Nodes.Select(node => ProcFile.ResidentBytes(node.Id) / 1048576.0)],
            cpu,
            (cluster.Postgres.CpuNanoseconds() - database) / _idleSpan.TotalNanoseconds * 100,
            await DatabaseCounters.Connections(connection, cluster.Name, cancellationToken));
        Console.Error.WriteLine($"idle, {when}: CPU {List(quiet.CpuPercent)} %, PostgreSQL {TextTable.Figure(quiet.DatabaseCpuPercent)} %, memory {List(quiet.Mebibytes)} MiB, {quiet.Connections} connections");
        return quiet;
    }

    /// <summary>The clients have checked what they were sent; this checks what is kept.</summary>
    private async Task Check(NodeCluster cluster, string[] threads, int runs, CancellationToken cancellationToken)
    {
        if (await ClusterThreads.Strayed(cluster, threads, cancellationToken) is var strayed and > 0)
            throw new InvalidOperationException($"{strayed} of {Live} live threads did not stay with their owner.");
        await using var connection = await cluster.Postgres.Connect(cancellationToken, cluster.Name);
        await using var command = new NpgsqlCommand("SELECT sum(head_seq)::int8 FROM threads", connection);
        var kept = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        var said = (long)TurnsPerMaker * MakersPerNode * Nodes * (EventsOfHistory + EventsAround) + (long)Live * (1 + EventsAround + runs * (Seconds + EventsAround));
        if (kept != said)
            throw new InvalidOperationException($"The log's threads end with {kept:#,0} events together, and the CLI has said {said:#,0}.");
    }

    private ClusterReport Report(List<Played> played, List<Quiet> quiet)
    {
        var table = new TextTable("live", "value");
        void Line(string name, Func<Played, double> read) => table.Add(name, TextTable.Figure(Medians.Of(played.Select(read))));
        Line("latency p50 ms", run => run.All?.P50 ?? double.NaN);
        Line("latency p99 ms", run => run.All?.P99 ?? double.NaN);
        Line("at the owner's node p50 ms", run => run.Owner?.P50 ?? double.NaN);
        Line("at the owner's node p99 ms", run => run.Owner?.P99 ?? double.NaN);
        Line("at another node p50 ms", run => run.Other?.P50 ?? double.NaN);
        Line("at another node p99 ms", run => run.Other?.P99 ?? double.NaN);
        Line("node CPU us/event", run => run.Use.NodeCpuSeconds.Sum() * 1e6 / run.Events);
        Line("CLI CPU us/event", run => run.Use.ChildrenCpuSeconds.Sum() * 1e6 / run.Events);
        Line("PostgreSQL CPU us/event", run => run.Use.DatabaseCpuSeconds * 1e6 / run.Events);
        Line("peak MiB of a node", run => run.Use.PeakMebibytes.Max());
        Line("PostgreSQL connections, at most", run => run.Connections);
        var rest = new TextTable("idle", "CPU of each node, % of a core", "PostgreSQL %", "MiB of each node", "connections");
        foreach (var moment in quiet)
            rest.Add(moment.When, List(moment.CpuPercent), TextTable.Figure(moment.DatabaseCpuPercent), List(moment.Mebibytes), $"{moment.Connections}");
        return new ClusterReport($"Many threads: {Idle:#,0} idle and {Live:#,0} live ones over {Nodes} nodes", $"{table}\n{rest}", new { played, quiet });
    }

    private static string List(IEnumerable<double> values) => string.Join(" / ", values.Select(value => TextTable.Figure(value)));

    private sealed record Played(ClusterUse Use, long Events, Distribution? All, Distribution? Owner, Distribution? Other, int Connections);

    private sealed record Quiet(string When, double[] Mebibytes, double[] CpuPercent, double DatabaseCpuPercent, int Connections);
}
