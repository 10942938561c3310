using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Turns;

/// <summary>The paths of a request: each must be allowed, and becomes what it really leads to.</summary>
internal static class TurnPaths
{
    /// <summary>Null, and the request with resolved paths; or the first problem.</summary>
    public static Problem? Resolve(TurnRequest request, WorkspaceRoots roots, out TurnRequest resolved)
    {
        resolved = request;
        var folder = request.Options.WorkingDirectory;
        if (folder is not null && !roots.TryResolveDirectory(folder, out folder, out var problem))
            return InField("working_directory", problem);

        List<string>? directories = null;
        foreach (var path in request.Options.AdditionalDirectories ?? [])
        {
            if (!roots.TryResolveDirectory(path, out var directory, out problem))
                return InField("additional_directories", problem);
            (directories ??= []).Add(directory);
        }

        List<string>? images = null;
        foreach (var path in request.Images ?? [])
        {
            if (!roots.TryResolveFile(path, out var image, out problem))
                return InField("images", problem);
            (images ??= []).Add(image);
        }

        resolved = request with
        {
            Images = images,
            Options = request.Options with { WorkingDirectory = folder, AdditionalDirectories = directories ?? request.Options.AdditionalDirectories },
        };
        return null;
    }

    private static Problem InField(string field, Problem problem) =>
        Problems.Of(problem.Code, errors: new Dictionary<string, string[]> { [field] = [problem.Detail] });
}
