using System.Diagnostics.Metrics;

namespace CodexOrleans.Codex.Processes;

/// <summary>Metrics of the CLI's processes.</summary>
public sealed class CliMetrics
{
    private long _startFailures;
    private long _strays;

    public CliMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("CodexOrleans");
        meter.CreateObservableCounter(
            "codex.cli.start_failures",
            () => Volatile.Read(ref _startFailures),
            "{process}",
            "CLI processes that could not be started or supervised.");
        meter.CreateObservableCounter(
            "codex.cli.strays",
            () => Volatile.Read(ref _strays),
            "{process}",
            "Processes that outlived their turn or an earlier start, and were ended.");
    }

    internal void StartFailed() => Interlocked.Increment(ref _startFailures);

    internal void StrayEnded() => Interlocked.Increment(ref _strays);
}
