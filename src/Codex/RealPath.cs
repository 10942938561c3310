namespace CodexOrleans.Codex;

/// <summary>Resolves a path: no links, no <c>.</c> or <c>..</c>, no trailing separator.</summary>
public static class RealPath
{
    // The kernel's own limit: a path with more links counts as a loop.
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
        var parts = path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries);
        foreach (var part in parts.Reverse())
        {
            if (part != ".")
                left.Push(part);
        }
    }
}
