using System.Globalization;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>The doors of a process through which others could come in, as Linux shows them.</summary>
public static class OpenSockets
{
    private const string TcpListens = "0A";
    private const string Unbound = ":0000";

    /// <summary>Listening TCP sockets, bound UDP sockets and named Unix sockets, one a line: <c>tcp 0100007F:1F90</c>.</summary>
    public static IReadOnlyList<string> Of(int processId)
    {
        var own = Directory.EnumerateFileSystemEntries($"/proc/{processId}/fd")
            .Select(descriptor => new FileInfo(descriptor).LinkTarget)
            .Where(target => target?.StartsWith("socket:[", StringComparison.Ordinal) == true)
            .Select(target => target!["socket:[".Length..^1])
            .ToHashSet();
        var doors = new List<string>();
        foreach (var table in (string[])["tcp", "tcp6", "udp", "udp6"])
        {
            // sl local remote state queues timer retransmits uid timeout inode …
            foreach (var row in Rows(processId, table).Where(row => own.Contains(row[9])))
            {
                if (table.StartsWith("udp", StringComparison.Ordinal) ? !row[1].EndsWith(Unbound, StringComparison.Ordinal) : row[3] == TcpListens)
                    doors.Add($"{table} {row[1]}");
            }
        }

        // address references protocol flags type state inode path
        doors.AddRange(Rows(processId, "unix").Where(row => row.Length > 7 && own.Contains(row[6])).Select(row => $"unix {row[7]}"));
        return doors;
    }

    /// <summary>How the kernel's tables write a port of 127.0.0.1.</summary>
    public static string LoopbackTcp(int port) => string.Create(CultureInfo.InvariantCulture, $"tcp 0100007F:{port:X4}");

    private static IEnumerable<string[]> Rows(int processId, string table) =>
        File.ReadLines($"/proc/{processId}/net/{table}").Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
