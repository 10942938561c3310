namespace CodexOrleans.Grains.Workspaces;

/// <summary>Whether a folder is in a git repository, as the CLI sees it before it works there.</summary>
internal static class GitRepository
{
    /// <summary>
    /// True when the folder or one above it holds a <c>.git</c>: a folder, or the file of a worktree or submodule. The CLI, which is not
    /// asked here, refuses what this refuses, whatever the sandbox and whether the folder is a trusted project or not; it may refuse more.
    /// </summary>
    public static bool IsAround(string folder)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Combine(at, ".git")))
                return true;
        }

        return false;
    }
}
