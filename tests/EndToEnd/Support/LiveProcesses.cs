using System.Globalization;
using System.Text;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>The machine's processes as Linux shows them, found by what a turn leaves on each process it starts.</summary>
public static class LiveProcesses
{
    /// <summary>Live processes whose environment carries the turn's tag, or whose command line holds one of <paramref name="marks"/>.</summary>
    public static IReadOnlyList<string> Of(Guid turnId, params string[] marks)
    {
        var tag = Encoding.UTF8.GetBytes($"CODEX_ORLEANS_TURN={turnId}\0");
        var found = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id == Environment.ProcessId)
                continue;
            // A process that ends while it is looked at is not a live one.
            if (Read(folder, "stat") is not { } stat || IsDead(stat) || Read(folder, "cmdline") is not { } commandLine)
                continue;
            var command = Encoding.UTF8.GetString(commandLine).Replace('\0', ' ');
            if (Read(folder, "environ") is { } environment && environment.AsSpan().IndexOf(tag) >= 0
                || marks.Any(mark => command.Contains(mark, StringComparison.Ordinal)))
                found.Add($"{id}: {command}");
        }

        return found;
    }

    /// <summary>Waits until a process with this mark on its command line runs.</summary>
    public static Task Appeared(string mark) => Condition.Becomes(() => Of(Guid.Empty, mark).Count > 0);

    /// <summary>Waits until nothing of the turn is left, and fails with the names of what is.</summary>
    public static async Task Gone(Guid turnId, params string[] marks)
    {
        try
        {
            await Condition.Becomes(() => Of(turnId, marks).Count == 0);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Left of turn {turnId}:\n{string.Join('\n', Of(turnId, marks))}");
        }
    }

    private static bool IsDead(byte[] stat)
    {
        // "pid (name) S …": the name may hold anything, so the state is what follows the last parenthesis.
        var state = stat.AsSpan()[(stat.AsSpan().LastIndexOf((byte)')') + 2)..][0];
        return state is (byte)'Z' or (byte)'X';
    }

    private static byte[]? Read(string folder, string name)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Ended, or another user's.
            return null;
        }
    }
}
