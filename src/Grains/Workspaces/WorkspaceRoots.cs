using System.Diagnostics.CodeAnalysis;
using CodexOrleans.Storage.Data;

namespace CodexOrleans.Grains.Workspaces;

/// <summary>
/// Decides which paths a turn may use on the machine where it runs. Roots and paths are compared with all links resolved, and the CLI gets
/// the resolved path. The server's data and the CLI's home are never workspaces: a turn that writes there could read the token, change the
/// log, or have its commands started with the next turn. Each turn is checked anew and as late as possible, because another turn may have
/// replaced an allowed folder by a link.
/// </summary>
public sealed class WorkspaceRoots
{
    private static readonly StringComparison _comparison =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

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
    /// <param name="path">The path as the caller gave it.</param>
    /// <param name="resolved">The path to use instead of <paramref name="path"/>.</param>
    /// <param name="problem">Why not.</param>
    public bool TryResolveDirectory(string path, [NotNullWhen(true)] out string? resolved, [NotNullWhen(false)] out PathProblem? problem)
    {
        problem = Check(path, out resolved);
        var candidate = resolved!;
        if (problem is null && (Contains(candidate, _data) || _codexHomes.Any(home => Contains(candidate, home))))
            problem = new(RefusalCodes.PathNotAllowed, "That folder contains what the server keeps to itself. Choose a folder inside it.");
        if (problem is null && !Directory.Exists(resolved))
        {
            problem = Path.Exists(resolved)
                ? new(RefusalCodes.NotADirectory, "What is at that path is a file. Name the folder that it is in.")
                : new(RefusalCodes.PathNotFound, "There is no folder at that path.");
        }

        return Finish(ref resolved, problem);
    }

    /// <summary>
    /// A file of an image that a turn may show to the model, in a format that the CLI takes. See <see cref="TryResolveDirectory"/>.
    /// </summary>
    public bool TryResolveImage(string path, [NotNullWhen(true)] out string? resolved, [NotNullWhen(false)] out PathProblem? problem)
    {
        problem = Check(path, out resolved);
        problem ??= ImageFile.Check(resolved!);
        return Finish(ref resolved, problem);
    }

    private PathProblem? Check(string path, out string? resolved)
    {
        resolved = null;
        if (path.Contains('\0') || !Path.IsPathFullyQualified(path))
            return new(RefusalCodes.InvalidPath, "The path must be absolute.");
        resolved = RealPath.Of(path);
        if (resolved is null)
            return new(RefusalCodes.InvalidPath, "The path's links lead in a circle.");
        var candidate = resolved;
        if (!_roots.Any(root => Contains(root, candidate)))
            return new(RefusalCodes.PathNotAllowed, "That path is outside the folders that the operator allows (Workspaces:Roots).");
        var kept = _codexHomes.Any(home => Contains(home, candidate)) || (Contains(_data, candidate) && !Contains(_workspaces, candidate));
        return kept ? new(RefusalCodes.PathNotAllowed, "The server keeps that folder to itself.") : null;
    }

    private static bool Finish([NotNullWhen(true)] ref string? resolved, [NotNullWhen(false)] PathProblem? problem)
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
