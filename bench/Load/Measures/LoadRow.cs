using System.Text.Json.Serialization;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Measures;

/// <summary>One run's figures. Times in milliseconds, memory in MiB, shares of the whole machine from 0 to 1.</summary>
internal sealed record LoadRow
{
    public const double NoisyFrom = 0.10;

    public required string Scenario { get; init; }

    public string? Server { get; init; }

    public int Clients { get; init; }

    public int Turns { get; init; }

    public long Events { get; init; }

    public double Seconds { get; init; }

    public double EventsPerSecond { get; init; }

    public double? PossibleEventsPerSecond { get; init; }

    public double TurnsPerSecond { get; init; }

    public Distribution? Latency { get; init; }

    public Distribution? FirstByte { get; init; }

    public Distribution? FirstEvent { get; init; }

    public Distribution? FirstText { get; init; }

    public Distribution? Done { get; init; }

    public double ServerCpuMicrosecondsPerEvent { get; init; }

    public double ChildrenCpuMicrosecondsPerEvent { get; init; }

    public double GeneratorCpuSeconds { get; init; }

    public double GeneratorCpuMicrosecondsPerEvent { get; init; }

    public double PeakMebibytes { get; init; }

    public double PeakTreeMebibytes { get; init; }

    public int Threads { get; init; }

    public double MachineBusy { get; init; }

    public double RestBusy { get; init; }

    public bool Noisy => RestBusy > NoisyFrom;

    public int FailedTurns { get; init; }

    public long LostEvents { get; init; }

    public long RepeatedEvents { get; init; }

    public long ReorderedEvents { get; init; }

    public long IdFaults { get; init; }

    public int Reconnects { get; init; }

    public IReadOnlyList<string> Failures { get; init; } = [];

    [JsonIgnore]
    public bool Faultless => FailedTurns == 0 && LostEvents == 0 && RepeatedEvents == 0 && ReorderedEvents == 0 && IdFaults == 0;

    /// <summary>What went wrong, in one line; empty when nothing did.</summary>
    [JsonIgnore]
    public string Faults => string.Join(", ", new[]
    {
        (FailedTurns, "failed turns"), (LostEvents, "lost"), (RepeatedEvents, "repeated"), (ReorderedEvents, "reordered"), (IdFaults, "ids out of order"),
    }.Where(fault => fault.Item1 > 0).Select(fault => $"{fault.Item1} {fault.Item2}")) + string.Concat(Failures.Select(failure => $"\n  {failure}"));

    public static LoadRow Of(Scenario scenario, string? server, LoadResult result, ServerUse? use, long generatorNanoseconds)
    {
        var perEvent = 1e6 / Math.Max(1, result.Events);
        return new LoadRow
        {
            Scenario = scenario.Name,
            Server = server,
            Clients = scenario.Clients,
            Turns = result.Turns,
            Events = result.Events,
            Seconds = result.Seconds,
            EventsPerSecond = result.Events / Math.Max(result.Seconds, 1e-9),
            PossibleEventsPerSecond = scenario.PossibleEventsPerSecond,
            TurnsPerSecond = result.Turns / Math.Max(result.Seconds, 1e-9),
            Latency = Distribution.Of(result.Latency),
            FirstByte = Distribution.Of(result.FirstByte),
            FirstEvent = Distribution.Of(result.FirstEvent),
            FirstText = Distribution.Of(result.FirstText),
            Done = Distribution.Of(result.Done),
            ServerCpuMicrosecondsPerEvent = (use?.CpuSeconds ?? double.NaN) * perEvent,
            ChildrenCpuMicrosecondsPerEvent = (use?.ChildrenCpuSeconds ?? double.NaN) * perEvent,
            GeneratorCpuSeconds = generatorNanoseconds / 1e9,
            GeneratorCpuMicrosecondsPerEvent = generatorNanoseconds / 1e9 * perEvent,
            PeakMebibytes = (use?.PeakBytes ?? 0) / 1048576.0,
            PeakTreeMebibytes = (use?.PeakTreeBytes ?? 0) / 1048576.0,
            Threads = use?.Threads ?? 0,
            MachineBusy = use?.MachineBusy ?? double.NaN,
            RestBusy = use?.RestBusy ?? double.NaN,
            FailedTurns = result.FailedTurns,
            LostEvents = result.LostEvents,
            RepeatedEvents = result.RepeatedEvents,
            ReorderedEvents = result.ReorderedEvents,
            IdFaults = result.IdFaults,
            Reconnects = result.Reconnects,
            Failures = result.Failures,
        };
    }
}

/// <summary>Milliseconds.</summary>
internal sealed record Distribution(double P50, double P90, double P99, double Max)
{
    public static Distribution? Of(Samples samples) => samples.Count == 0
        ? null
        : new Distribution(samples.Percentile(50), samples.Percentile(90), samples.Percentile(99), samples.Max);
}
