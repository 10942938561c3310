namespace CodexOrleans.Codex;

/// <summary>Whether a folder is in a git repository, as the CLI sees it before it works there.</summary>
public static class GitRepository
{
    /// <summary>
    /// True when the folder or one above it holds a <c>.git</c>: a folder with a <c>HEAD</c>, or the file of a worktree or submodule. An
    /// empty folder of that name is what the CLI's sandbox leaves behind. The CLI goes by nothing else: not by the sandbox mode, and not
    /// by the projects that its configuration trusts.
    /// </summary>
    public static bool IsAround(string folder)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            var git = Path.Combine(at, ".git");
            if (Directory.Exists(git) ? Exists(Path.Combine(git, "HEAD")) : Exists(git))
                return true;
        }

        return false;
    }

    /// <summary>Unlike the framework's, false for a link that leads nowhere.</summary>
    private static bool Exists(string path) => RealPath.Of(path) is { } real && Path.Exists(real);
}
