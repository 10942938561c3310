using System.Diagnostics;

namespace CodexOrleans.Load.Measures;

/// <summary>Watches the nodes of a cluster, their database and the machine from the begin of a run to its end.</summary>
internal sealed class ClusterWatch
{
    private readonly IReadOnlyList<int> _nodes;
    private readonly Func<long> _databaseNanoseconds;
    private readonly long _begunAt = Stopwatch.GetTimestamp();
    private readonly CpuTimes _begin;

    /// <param name="nodes">Processes.</param>
    /// <param name="databaseNanoseconds">CPU time of the database's processes so far.</param>
    public ClusterWatch(IReadOnlyList<int> nodes, Func<long> databaseNanoseconds)
    {
        _nodes = nodes;
        _databaseNanoseconds = databaseNanoseconds;
        foreach (var node in nodes)
            ProcFile.ResetPeak(node);
        _begin = Read();
    }

    /// <summary>Ends the watch.</summary>
    /// <exception cref="InvalidOperationException">A node has ended.</exception>
    public ClusterUse Stop()
    {
        var end = Read();
        var nodes = end.Nodes.Zip(_begin.Nodes, (after, before) => Seconds(after.Own - before.Own)).ToArray();
        var children = end.Nodes.Zip(_begin.Nodes, (after, before) => Seconds(Math.Max(0, after.Children - before.Children))).ToArray();
        var database = (end.DatabaseNanoseconds - _begin.DatabaseNanoseconds) / 1e9;
        var ours = nodes.Sum() + children.Sum() + database + end.Generator - _begin.Generator;
        var all = Math.Max(Seconds(1), Seconds(end.All - _begin.All));
        var busy = Seconds(end.Busy - _begin.Busy);
        return new ClusterUse
        {
            Seconds = Stopwatch.GetElapsedTime(_begunAt).TotalSeconds,
            NodeCpuSeconds = nodes,
            ChildrenCpuSeconds = children,
            DatabaseCpuSeconds = database,
            PeakMebibytes = [.. _nodes.Select(node => ProcFile.Status(node, "VmHWM") / 1024.0)],
            MachineBusy = busy / all,
            RestBusy = Math.Max(0, busy - ours) / all,
        };
    }

    private static double Seconds(long ticks) => ticks * ProcFile.SecondsPerTick;

    private CpuTimes Read()
    {
        var nodes = _nodes.Select(node => ProcFile.TreeTimes(node) ?? throw new InvalidOperationException($"A node, process {node}, has ended.")).ToArray();
        var (busy, all) = ProcFile.Machine();
        return new CpuTimes(nodes, _databaseNanoseconds(), Environment.CpuUsage.TotalTime.TotalSeconds, busy, all);
    }

    private sealed record CpuTimes((long Own, long Children)[] Nodes, long DatabaseNanoseconds, double Generator, long Busy, long All);
}

/// <summary>What a run cost a cluster. Shares are of the whole machine, from 0 to 1.</summary>
internal sealed record ClusterUse
{
    public double Seconds { get; init; }

    /// <summary>The node's process itself, by node.</summary>
    public IReadOnlyList<double> NodeCpuSeconds { get; init; } = [];

    /// <summary>All that the node has started, by node.</summary>
    public IReadOnlyList<double> ChildrenCpuSeconds { get; init; } = [];

    public double DatabaseCpuSeconds { get; init; }

    /// <summary>Resident memory at its highest, by node.</summary>
    public IReadOnlyList<double> PeakMebibytes { get; init; } = [];

    public double MachineBusy { get; init; }

    public double RestBusy { get; init; }
}
