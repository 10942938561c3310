using System.Buffers.Text;
using System.Globalization;

namespace CodexOrleans.Load.Measures;

/// <summary>Small files under /proc. A process that has ended reads as null.</summary>
internal static class ProcFile
{
    /// <summary>CPU times in /proc come in steps of 10 ms.</summary>
    public const double SecondsPerTick = 0.01;

    private static readonly byte[] _bytes = new byte[16 * 1024];
    private static readonly Lock _gate = new();

    /// <summary>Fields of <c>/proc/PID/stat</c> after the command's name; the first is the state, number 3 in proc(5).</summary>
    public static ProcessTimes? Times(int process)
    {
        lock (_gate)
        {
            var stat = Read($"/proc/{process}/stat");
            // The name may hold spaces and parentheses.
            var end = stat.LastIndexOf((byte)')');
            if (end < 0)
                return null;
            stat = stat[(end + 2)..];
            return new ProcessTimes(Field(stat, 14), Field(stat, 15), Field(stat, 16), Field(stat, 17));
        }
    }

    /// <summary>CPU ticks of a process itself and of all that it has started, whether they live or not.</summary>
    public static (long Own, long Children)? TreeTimes(int process)
    {
        if (Times(process) is not { } own)
            return null;
        var children = own.Children;
        var tree = new List<int>();
        Descendants(process, tree);
        foreach (var descendant in tree)
        {
            if (Times(descendant) is { } times)
                children += times.Own + times.Children;
        }

        return (own.Own, children);
    }

    /// <summary>Resident bytes, or 0.</summary>
    public static long ResidentBytes(int process)
    {
        lock (_gate)
        {
            var statm = Read($"/proc/{process}/statm");
            var space = statm.IndexOf((byte)' ');
            return space >= 0 && Utf8Parser.TryParse(statm[(space + 1)..], out long pages, out _) ? pages * Environment.SystemPageSize : 0;
        }
    }

    /// <summary>The number of a line of <c>/proc/PID/status</c>, or 0.</summary>
    public static long Status(int process, string name)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{process}/status"))
            {
                if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':')
                    return long.Parse(line[(name.Length + 1)..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended.
        }

        return 0;
    }

    /// <summary>Makes VmHWM count from now on; false when the system does not allow it.</summary>
    public static bool ResetPeak(int process)
    {
        try
        {
            File.WriteAllText($"/proc/{process}/clear_refs", "5");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>CPU nanoseconds by thread, exact where the kernel keeps them.</summary>
    public static Dictionary<string, long> ThreadNanoseconds(int process)
    {
        var times = new Dictionary<string, long>();
        foreach (var task in Directory.EnumerateDirectories($"/proc/{process}/task"))
        {
            try
            {
                times[task] = long.Parse(File.ReadAllText($"{task}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // The thread has ended.
            }
        }

        return times;
    }

    public static int OpenFiles(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    /// <summary>The process's children, their children and so on.</summary>
    public static void Descendants(int process, List<int> found)
    {
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{process}/task"))
            {
                foreach (var child in File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    var id = int.Parse(child, CultureInfo.InvariantCulture);
                    found.Add(id);
                    Descendants(id, found);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
        }
    }

    /// <summary>Ticks that all cores were busy, and all ticks.</summary>
    public static (long Busy, long All) Machine()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // user nice system idle iowait irq softirq steal
        var ticks = fields[1..9].Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        var all = ticks.Sum();
        return (all - ticks[3] - ticks[4], all);
    }

    private static ReadOnlySpan<byte> Read(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return _bytes.AsSpan(0, RandomAccess.Read(file, _bytes, 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }

    private static long Field(ReadOnlySpan<byte> stat, int number)
    {
        for (var i = 3; i < number; i++)
            stat = stat[(stat.IndexOf((byte)' ') + 1)..];
        return Utf8Parser.TryParse(stat, out long value, out _) ? value : 0;
    }
}

/// <summary>CPU ticks of a process and of those of its children that it has waited for.</summary>
internal readonly record struct ProcessTimes(long User, long System, long ChildrenUser, long ChildrenSystem)
{
    public long Own => User + System;

    public long Children => ChildrenUser + ChildrenSystem;
}
