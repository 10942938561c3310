namespace CodexOrleans.Codex;

/// <summary>The path behind a path: no links, no <c>.</c> or <c>..</c>, no trailing separator.</summary>
public static class RealPath
{
    // As the kernel's own limit: more links than that are a loop.
    private const int MaxLinks = 40;

    /// <summary>
    /// Resolves an absolute path link by link, as the OS would walk it: <c>..</c> after a link leaves the link's target. Parts that do
    /// not exist stay as they are.
    /// </summary>
    /// <returns>The resolved path, or null when the links form a loop.</returns>
    public static string? Of(string absolutePath)
    {
        var root = Path.GetPathRoot(absolutePath)!;
        var resolved = root;
        var left = new Stack<string>();
        Push(left, absolutePath[root.Length..]);
        for (var links = 0; left.TryPop(out var part);)
        {
            if (part == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }

            var next = Path.Combine(resolved, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
                return null;
            if (Path.IsPathRooted(target))
                resolved = Path.GetPathRoot(target)!;
            Push(left, target[(Path.IsPathRooted(target) ? resolved.Length : 0)..]);
        }

        return resolved;
    }

    private static void Push(Stack<string> left, string path)
    {
        foreach (var part in path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            if (part != ".")
                left.Push(part);
        }
    }
}
