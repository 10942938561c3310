namespace CodexOrleans.Grains.Codex.Exec;

/// <summary>
/// The CLI's record of a session: <c>sessions/YYYY/MM/DD/rollout-(time)-(id).jsonl</c> in its home. It appears only after
/// <c>thread.started</c> was printed, so that a process that died early leaves an id that cannot be resumed.
/// </summary>
internal static class RolloutFile
{
    public static bool Exists(string home, string codexThreadId)
    {
        // The id names a file here: only a UUID may.
        if (!Guid.TryParse(codexThreadId, out var id))
            return false;
        var sessions = Path.Combine(home, "sessions");
        var pattern = $"rollout-*-{id}.jsonl";
        try
        {
            return DaysOf(id).Any(day => HasFile(Path.Combine(sessions, day), pattern, SearchOption.TopDirectoryOnly))
                || HasFile(sessions, pattern, SearchOption.AllDirectories);
        }
        catch (UnauthorizedAccessException)
        {
            // A folder that cannot be read tells nothing; the CLI itself will say what is wrong.
            return true;
        }
    }

    private static bool HasFile(string folder, string pattern, SearchOption depth) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, pattern, depth).Any();

    /// <summary>A version 7 id begins with its time. The folder is named by local time, in a zone that may have changed since.</summary>
    private static IEnumerable<string> DaysOf(Guid id)
    {
        if (id.Version != 7)
            yield break;
        var bytes = id.ToByteArray(bigEndian: true);
        var milliseconds = 0L;
        for (var i = 0; i < 6; i++)
            milliseconds = (milliseconds << 8) | bytes[i];
        if (milliseconds > DateTimeOffset.MaxValue.AddDays(-2).ToUnixTimeMilliseconds())
            yield break;
        var day = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        foreach (var offset in (int[])[0, -1, 1])
            yield return Path.Combine(day.AddDays(offset).ToString("yyyy"), day.AddDays(offset).ToString("MM"), day.AddDays(offset).ToString("dd"));
    }
}
