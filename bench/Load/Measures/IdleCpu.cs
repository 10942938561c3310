using System.Diagnostics;

namespace CodexOrleans.Load.Measures;

/// <summary>What servers cost when nobody asks.</summary>
internal static class IdleCpu
{
    /// <summary>Percent of one core by process, over the same span of time.</summary>
    public static async Task<double[]> Measure(IReadOnlyList<int> processes, TimeSpan span, CancellationToken cancellationToken)
    {
        var before = processes.Select(ProcFile.ThreadNanoseconds).ToArray();
        var begin = Stopwatch.GetTimestamp();
        await Task.Delay(span, cancellationToken);
        var nanoseconds = Stopwatch.GetElapsedTime(begin).TotalNanoseconds;
        return [.. processes.Select((process, i) =>
            ProcFile.ThreadNanoseconds(process).Sum(thread => thread.Value - before[i].GetValueOrDefault(thread.Key)) / nanoseconds * 100)];
    }
}
