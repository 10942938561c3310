namespace CodexOrleans.Codex.Processes;

/// <summary>Where files lie that live as long as a turn. This server's alone; made when it is needed, emptied when the server starts.</summary>
/// <param name="Path">Absolute.</param>
public sealed record ScratchFolder(string Path)
{
    /// <summary>A new one among the machine's temporary files.</summary>
    public static ScratchFolder Temporary() => new(System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"codex-orleans-{Guid.NewGuid():N}"));
}
