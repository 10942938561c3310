namespace CodexOrleans.Grains.Workspaces;

/// <summary>Why a turn may not use a path.</summary>
/// <param name="Code">One of <see cref="RefusalCodes"/>.</param>
/// <param name="Message">For the caller. Holds no path.</param>
public sealed record PathProblem(string Code, string Message)
{
    /// <summary>The request's field that the path is of, or null while nobody has asked for one.</summary>
    public string? Field { get; init; }

    /// <summary>Whether there is nothing at the path here; on another machine there may be.</summary>
    public bool IsMissing => Code is RefusalCodes.PathNotFound or RefusalCodes.WorkingDirectoryMissing;
}
