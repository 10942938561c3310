namespace CodexOrleans.Codex.Sessions;

/// <summary>The CLI's records of sessions in one home, for all engines.</summary>
/// <param name="home">The CLI's home.</param>
public sealed class SessionFiles(string home)
{
    /// <summary>The folder that <see cref="Find"/>'s paths are relative to.</summary>
    public string Folder => home;

    /// <summary>Whether the session has a record, without which a resume fails.</summary>
    public bool CanResume(string codexThreadId) => RolloutFile.Exists(home, codexThreadId);

    /// <summary>The file of a session's record, relative to <see cref="Folder"/>; null when there is none.</summary>
    public string? Find(string codexThreadId) => RolloutFile.Find(home, codexThreadId);
}
