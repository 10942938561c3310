using System.Globalization;
using System.Runtime.Versioning;

namespace CodexOrleans.Codex.Processes;

/// <summary>One scan of all processes that this user may see.</summary>
/// <param name="Tagged">Those that carry a tag.</param>
/// <param name="Unread">
/// Ids of processes without a readable environment: zombies, kernel threads, and those that ended or executed a new program during the
/// scan.
/// </param>
internal sealed record ProcessScan(List<TaggedProcess> Tagged, HashSet<int> Unread)
{
    public static ProcessScan Empty { get; } = new([], []);

    /// <summary>Scans every process once.</summary>
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
    /// Whether the scan cannot have missed a process. An unread process may have started a child after the scan listed the processes; one
    /// that was unread in the scan before too was dead already.
    /// </summary>
    public bool IsComplete(ProcessScan before) => Unread.IsSubsetOf(before.Unread);
}
