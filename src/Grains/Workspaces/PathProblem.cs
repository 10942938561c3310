namespace CodexOrleans.Grains.Workspaces;

/// <summary>Why a turn may not use a path.</summary>
/// <param name="Code">One of <see cref="RefusalCodes"/>.</param>
/// <param name="Message">For the caller. Holds no path.</param>
public sealed record PathProblem(string Code, string Message)
{
    /// <summary>The field of the request that has the path, or null while it is not known.</summary>
    public string? Field { get; init; }

    /// <summary>Whether nothing exists at the path on this machine; on another one it may.</summary>
    public bool IsMissing => Code is RefusalCodes.PathNotFound or RefusalCodes.WorkingDirectoryMissing;
}
