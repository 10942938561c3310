using System.Diagnostics.CodeAnalysis;
using CodexOrleans.Storage;

namespace CodexOrleans.WebFront;

/// <summary>
/// Decides which paths of a request a turn may use. Both sides are compared after resolving every link, and the resolved path is
/// what the turn gets. The server's own data and the CLI's home are never workspaces: a turn that writes there could read the
/// token, change the log, or have its own commands started with the next turn.
/// </summary>
public sealed class WorkspaceRoots
{
    private static readonly StringComparison _comparison = OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    private readonly string[] _roots;
    private readonly string _data;
    private readonly string _workspaces;
    private readonly string[] _codexHomes;

    internal WorkspaceRoots(IEnumerable<string> roots, DataDirectory data, IEnumerable<string> codexHomes)
    {
        var configured = roots.ToArray();
        if (configured.Length == 0)
            configured = [Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Path.GetTempPath()];
        _roots = [.. configured.Where(root => root.Length > 0).Select(Resolve)];
        _data = Resolve(data.Path);
        _workspaces = Resolve(data.Workspaces);
        _codexHomes = [.. codexHomes.Select(Resolve)];
    }

    /// <summary>A folder in which a turn may work or write.</summary>
    /// <param name="path">As the caller gave it.</param>
    /// <param name="resolved">What to use instead of <paramref name="path"/>.</param>
    /// <param name="problem">Why not: <c>invalid_path</c>, <c>path_not_allowed</c> or <c>path_not_found</c>.</param>
    public bool TryResolveDirectory(string path, [NotNullWhen(true)] out string? resolved, [NotNullWhen(false)] out Problem? problem)
    {
        problem = Check(path, out resolved);
        if (problem is null && Contains(resolved!, _data))
            problem = Problems.Of(ProblemCodes.PathNotAllowed, "That folder contains the server's own data. Choose a folder inside it.");
        if (problem is null && !Directory.Exists(resolved))
            problem = Problems.Of(ProblemCodes.PathNotFound, "There is no folder at that path.");
        return Finish(ref resolved, problem);
    }

    /// <summary>A regular, non-empty file that a turn may read, such as an image. See <see cref="TryResolveDirectory"/>.</summary>
    public bool TryResolveFile(string path, [NotNullWhen(true)] out string? resolved, [NotNullWhen(false)] out Problem? problem)
    {
        problem = Check(path, out resolved);
        // Pipes, devices and sockets have no length; opening one could block for ever.
        if (problem is null && new FileInfo(resolved!) is not { Exists: true, Length: > 0 })
            problem = Problems.Of(ProblemCodes.PathNotFound, "There is no regular file with content at that path.");
        return Finish(ref resolved, problem);
    }

    private Problem? Check(string path, out string? resolved)
    {
        resolved = null;
        if (path.Contains('\0') || !Path.IsPathFullyQualified(path))
            return Problems.Of(ProblemCodes.InvalidPath);
        resolved = RealPath.Of(path);
        if (resolved is null)
            return Problems.Of(ProblemCodes.InvalidPath, "The path's links lead in a circle.");
        var candidate = resolved;
        if (!_roots.Any(root => Contains(root, candidate)))
            return Problems.Of(ProblemCodes.PathNotAllowed);
        var kept = _codexHomes.Any(home => Contains(home, candidate)) || (Contains(_data, candidate) && !Contains(_workspaces, candidate));
        return kept ? Problems.Of(ProblemCodes.PathNotAllowed, "The server keeps that folder to itself.") : null;
    }

    private static bool Finish([NotNullWhen(true)] ref string? resolved, [NotNullWhen(false)] Problem? problem)
    {
        if (problem is null)
            return resolved is not null;
        resolved = null;
        return false;
    }

    /// <summary>True for the folder itself and everything in it.</summary>
    private static bool Contains(string folder, string path) =>
        path.StartsWith(folder, _comparison)
        && (path.Length == folder.Length || Path.EndsInDirectorySeparator(folder) || path[folder.Length] == Path.DirectorySeparatorChar);

    private static string Resolve(string path)
    {
        path = Path.GetFullPath(path);
        return RealPath.Of(path) ?? path;
    }
}
