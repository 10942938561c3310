using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Commands;

/// <summary>One line of the comparison's order: a load, and what is read off it.</summary>
/// <param name="Scenario">Null measures the server doing nothing.</param>
internal sealed record CompareRow(string Name, Scenario? Scenario, params CompareFigure[] Figures)
{
    public static readonly CompareFigure Idle = new("idle CPU, % of a core", LowerIsBetter: true, _ => double.NaN);

    private static readonly CompareFigure _latency50 = new("latency p50 ms", true, row => row.Latency?.P50 ?? double.NaN);
    private static readonly CompareFigure _latency99 = new("latency p99 ms", true, row => row.Latency?.P99 ?? double.NaN);
    private static readonly CompareFigure _first50 = new("first event p50 ms", true, row => row.FirstEvent?.P50 ?? double.NaN);
    private static readonly CompareFigure _first99 = new("first event p99 ms", true, row => row.FirstEvent?.P99 ?? double.NaN);
    private static readonly CompareFigure _turns = new("turns/s", false, row => row.TurnsPerSecond);
    private static readonly CompareFigure _events = new("events/s", false, row => row.EventsPerSecond);
    private static readonly CompareFigure _cpu = new("server CPU us/event", true, row => row.ServerCpuMicrosecondsPerEvent);
    private static readonly CompareFigure _memory = new("peak RSS MiB", true, row => row.PeakMebibytes);

    /// <summary>For the real CLI, whose own start is most of each figure.</summary>
    public static CompareRow Real(int clients, int turns, string prompt) => new(
        $"real-{clients}",
        new Scenario { Name = "real", Clients = clients, TurnsPerClient = turns, Prompt = prompt, Body = new() { ["skip_git_repo_check"] = true } },
        _first50,
        new("first text p50 ms", true, row => row.FirstText?.P50 ?? double.NaN),
        new("done p50 ms", true, row => row.Done?.P50 ?? double.NaN),
        _turns);

    /// <summary>All rows, in the order in which they are played.</summary>
    public static IReadOnlyList<CompareRow> All { get; } =
    [
        new("ttfe", Scenario.Named("ttfe"), _first50, _first99),
        new("turns-2", Clients("turns", 2), _turns),
        new("turns-8", Clients("turns", 8), _turns),
        new("turns-32", Clients("turns", 32), _turns),
        new("steady-1", Clients("steady", 1), _latency50, _latency99),
        new("steady-10", Clients("steady", 10), _latency50, _latency99),
        new("steady-50", Clients("steady", 50), _latency50, _latency99, _cpu),
        new("steady-200", Clients("steady", 200), _latency50, _latency99, _cpu),
        new("steady-500", Clients("steady", 500), _latency50, _latency99, _events, _memory),
        new("burst-1", Clients("burst", 1), _events),
        new("burst-4", Clients("burst", 4), _events),
        new("burst-16", Clients("burst", 16), _events),
        new("run-burst-4", Clients("run-burst", 4), _events),
        new("idle", null, Idle),
    ];

    /// <summary>The same row with all turns in one folder.</summary>
    public CompareRow In(string workspace) => this with
    {
        Scenario = Scenario is null ? null : Scenario with { Body = new() { ["working_directory"] = workspace, ["skip_git_repo_check"] = true } },
    };

    private static Scenario Clients(string scenario, int clients) => Scenario.Named(scenario)! with { Clients = clients };
}

/// <summary>One figure of a row.</summary>
internal sealed record CompareFigure(string Name, bool LowerIsBetter, Func<LoadRow, double> Read)
{
    public double Better(double one, double other) => LowerIsBetter ? Math.Min(one, other) : Math.Max(one, other);
}
