namespace CodexOrleans.Codex.Processes;

/// <summary>
/// The folder for files that a turn needs while it runs. No other server uses it; it is made on demand and emptied when the server starts.
/// </summary>
/// <param name="Path">Absolute.</param>
public sealed record ScratchFolder(string Path)
{
    /// <summary>A new one among the machine's temporary files.</summary>
    public static ScratchFolder Temporary() =>
        new(System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"codex-orleans-{Guid.NewGuid():N}"));
}
