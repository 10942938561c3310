using System.Diagnostics;
using System.Globalization;

namespace CodexOrleans.Load.Servers;

/// <summary>A limit of CPU time that a process and all it starts share, kept by the kernel: a control group of version 1 or 2.</summary>
internal sealed class CpuQuota : IDisposable
{
    private const string Root = "/sys/fs/cgroup";

    // Short, so that a node that has used up its share is silent for milliseconds and not for a tenth of a second.
    private const int PeriodMicroseconds = 20_000;

    // The shell joins the group and becomes the program, under the same process id.
    private const string Join = "echo $$ > \"$0\" && exec \"$@\"";

    private static readonly TimeSpan _endPatience = TimeSpan.FromSeconds(5);

    private readonly string _group;
    private readonly bool _unified;

    private CpuQuota(string group, bool unified)
    {
        _group = group;
        _unified = unified;
    }

    /// <summary>Makes a group without a limit.</summary>
    /// <param name="name">Of the group; this process's id is added.</param>
    /// <exception cref="InvalidOperationException">This machine lets no group be made.</exception>
    public static CpuQuota Create(string name)
    {
        var unified = File.Exists($"{Root}/cgroup.controllers");
        var parent = unified ? Root : new[] { $"{Root}/cpu", $"{Root}/cpu,cpuacct" }.FirstOrDefault(Directory.Exists)
            ?? throw new InvalidOperationException($"There is no control group for CPU time under {Root}.");
        try
        {
            if (unified)
                File.WriteAllText($"{parent}/cgroup.subtree_control", "+cpu");
            var group = Directory.CreateDirectory($"{parent}/codex-orleans-bench-{Environment.ProcessId}-{name}").FullName;
            return new CpuQuota(group, unified);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"No control group can be made in {parent}: {e.Message} The scaling rows need one for each node; run them as root, or leave them out with --rows.", e);
        }
    }

    /// <summary>The same start, inside the group.</summary>
    public ProcessStartInfo Confine(ProcessStartInfo start)
    {
        var confined = new ProcessStartInfo("/bin/sh", ["-c", Join, $"{_group}/cgroup.procs", start.FileName, .. start.ArgumentList])
        {
            WorkingDirectory = start.WorkingDirectory,
        };
        confined.Environment.Clear();
        foreach (var (variable, value) in start.Environment)
            confined.Environment[variable] = value;
        return confined;
    }

    /// <param name="cores">CPU seconds for each second.</param>
    public void Set(double cores)
    {
        if (_unified)
        {
            File.WriteAllText($"{_group}/cpu.max", UnifiedLimit(cores));
            return;
        }

        File.WriteAllText($"{_group}/cpu.cfs_period_us", $"{PeriodMicroseconds}");
        File.WriteAllText($"{_group}/cpu.cfs_quota_us", $"{Microseconds(cores)}");
    }

    /// <summary>What <c>cpu.max</c> wants: microseconds of CPU time, and of time.</summary>
    public static string UnifiedLimit(double cores) => string.Create(CultureInfo.InvariantCulture, $"{Microseconds(cores)} {PeriodMicroseconds}");

    /// <summary>Removes the group; its processes have ended.</summary>
    public void Dispose()
    {
        var begin = Stopwatch.GetTimestamp();
        while (Directory.Exists(_group))
        {
            try
            {
                // Not recursive: its files are the kernel's.
                Directory.Delete(_group);
            }
            catch (IOException e)
            {
                // A process that has just ended may still count for a moment.
                if (Stopwatch.GetElapsedTime(begin) > _endPatience)
                {
                    Console.Error.WriteLine($"'{_group}' could not be removed: {e.Message}");
                    return;
                }

                Thread.Sleep(50);
            }
        }
    }

    private static int Microseconds(double cores) => (int)Math.Round(cores * PeriodMicroseconds);
}
