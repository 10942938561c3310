using System.Globalization;
using System.Runtime.Versioning;

namespace CodexOrleans.Codex.Processes;

/// <summary>One look at all processes that this user may see.</summary>
/// <param name="Tagged">Those that carry a tag.</param>
/// <param name="Unread">
/// Ids of processes without an environment: zombies, threads of the kernel, and those that ended, or were replacing their program, while
/// they were looked at.
/// </param>
internal sealed record ProcessScan(List<TaggedProcess> Tagged, HashSet<int> Unread)
{
    public static ProcessScan Empty { get; } = new([], []);

    /// <summary>Looks at every process once.</summary>
    [SupportedOSPlatform("linux")]
    public static ProcessScan Take()
    {
        var scan = new ProcessScan([], []);
        var buffer = new byte[16_384];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(folder.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || id == Environment.ProcessId)
                continue;
            var length = ProcFs.Read(id, "environ", ref buffer);
            if (length == 0)
                scan.Unread.Add(id);
            else if (length > 0 && TaggedProcess.From(id, buffer.AsSpan(0, length)) is { } process)
                scan.Tagged.Add(process);
        }

        return scan;
    }

    /// <summary>
    /// Whether nothing can have hidden from this look: a process that it could not read may have left a child that came too late for the
    /// look's list. One that the look before could not read either was dead already.
    /// </summary>
    public bool IsComplete(ProcessScan before) => Unread.IsSubsetOf(before.Unread);
}
