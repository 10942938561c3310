namespace CodexOrleans.Codex;

/// <summary>Whether a folder is in a git repository, by the rule of the CLI's own check.</summary>
public static class GitRepository
{
    /// <summary>
    /// True when the folder or one above it has a <c>.git</c>: a folder with a <c>HEAD</c>, or the file of a worktree or submodule. An
    /// empty <c>.git</c> does not count, because the CLI's sandbox leaves such folders behind. Neither the sandbox mode nor the trusted
    /// projects of the CLI's configuration change the result.
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

    /// <summary>Like <see cref="Path.Exists"/>, but false for a broken link.</summary>
    private static bool Exists(string path) => RealPath.Of(path) is { } real && Path.Exists(real);
}
