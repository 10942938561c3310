namespace CodexOrleans.Codex.Processes;

/// <summary>The terminal that the server was started from, if any.</summary>
internal static class ControllingTerminal
{
    /// <summary>
    /// <c>setsid</c> when there is a terminal, else null. Ctrl+C in a terminal signals every process of its foreground group, so the CLIs
    /// would end before the server waits for their turns. Without a terminal it is left out, because it costs each turn one exec.
    /// </summary>
    public static string? SessionStarter { get; } =
        OperatingSystem.IsLinux() && Exists() && File.Exists("/usr/bin/setsid") ? "/usr/bin/setsid" : null;

    private static bool Exists()
    {
        try
        {
            // Opens only for a process that has one.
            using var terminal = File.OpenHandle("/dev/tty");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
