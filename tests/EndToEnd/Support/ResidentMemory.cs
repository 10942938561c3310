using System.Globalization;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>Memory of a process that is not ours, as Linux counts it.</summary>
public static class ResidentMemory
{
    /// <summary>Bytes that the process has in memory now.</summary>
    public static long Of(int processId) => Read(processId, "VmRSS:");

    /// <summary>The most bytes that the process has had in memory since its start, or since <see cref="ForgetPeak"/>.</summary>
    public static long PeakOf(int processId) => Read(processId, "VmHWM:");

    public static void ForgetPeak(int processId) => File.WriteAllText($"/proc/{processId}/clear_refs", "5");

    private static long Read(int processId, string row)
    {
        var line = File.ReadLines($"/proc/{processId}/status").Single(line => line.StartsWith(row, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1], CultureInfo.InvariantCulture) * 1024;
    }
}
