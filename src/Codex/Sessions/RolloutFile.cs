namespace CodexOrleans.Codex.Sessions;

/// <summary>
/// The CLI's record of a session: <c>sessions/YYYY/MM/DD/rollout-(time)-(id).jsonl</c> in its home. It appears only after
/// <c>thread.started</c> was printed, so that a process that died early leaves an id that cannot be resumed.
/// </summary>
internal static class RolloutFile
{
    public static bool Exists(string home, string codexThreadId)
    {
        try
        {
            return Find(home, codexThreadId) is not null;
        }
        catch (UnauthorizedAccessException)
        {
            // An unreadable folder counts as empty; the CLI itself reports the error.
            return true;
        }
    }

    /// <summary>The file's path relative to the home, or null.</summary>
    public static string? Find(string home, string codexThreadId)
    {
        // The id becomes part of a file name, so it must be a UUID.
        if (!Guid.TryParse(codexThreadId, out var id))
            return null;
        var sessions = Path.Combine(home, "sessions");
        var pattern = $"rollout-*-{id}.jsonl";
        var file = DaysOf(id)
                .Select(day => FirstFile(Path.Combine(sessions, day), pattern, SearchOption.TopDirectoryOnly))
                .FirstOrDefault(found => found is not null)
            ?? FirstFile(sessions, pattern, SearchOption.AllDirectories);
        return file is null ? null : Path.GetRelativePath(home, file);
    }

    private static string? FirstFile(string folder, string pattern, SearchOption depth) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, depth).FirstOrDefault() : null;

    /// <summary>
    /// The days whose folder may have the file. A version 7 id begins with its time; the folder is named by local time, in a zone that may
    /// have changed since.
    /// </summary>
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
        {
            var near = day.AddDays(offset);
            yield return Path.Combine(near.ToString("yyyy"), near.ToString("MM"), near.ToString("dd"));
        }
    }
}
