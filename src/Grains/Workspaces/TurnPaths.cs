namespace CodexOrleans.Grains.Workspaces;

/// <summary>The paths of a turn with all links resolved, named by its request or by an earlier one of its thread.</summary>
/// <param name="WorkingDirectory">Null for the thread's own folder.</param>
internal sealed record TurnPaths(string? WorkingDirectory, IReadOnlyList<string>? AdditionalDirectories, IReadOnlyList<string> Images)
{
    /// <summary>Resolves and checks the paths; returns null, or the first problem.</summary>
    /// <param name="effective">The request's options over the thread's.</param>
    public static PathProblem? Resolve(WorkspaceRoots roots, TurnRequest request, ThreadOptions effective, out TurnPaths paths)
    {
        paths = new TurnPaths(null, null, []);
        var folder = effective.WorkingDirectory;
        if (folder is not null && !roots.TryResolveDirectory(folder, out folder, out var problem))
        {
            // A missing folder of an earlier request is not a fault of this one, so it has a code of its own.
            return problem.IsMissing && request.Options.WorkingDirectory is null
                ? new(
                    RefusalCodes.WorkingDirectoryMissing,
                    "The thread's working directory does not exist on this server. Create it, or name another one.")
                : problem with { Field = "working_directory" };
        }

        if (folder is not null && effective.SkipGitRepoCheck != true && !GitRepository.IsAround(folder))
        {
            return new(
                RefusalCodes.NotAGitRepository,
                "The working directory is in no git repository. Name one that is, or send \"skip_git_repo_check\": true to work there "
                + "all the same.")
            {
                Field = "skip_git_repo_check",
            };
        }

        var directories = new List<string>();
        foreach (var path in effective.AdditionalDirectories ?? [])
        {
            if (roots.TryResolveDirectory(path, out var directory, out problem))
                directories.Add(directory);
            // A missing folder of an earlier turn does not stop this one. The CLI does not get it, because it may come back as a link.
            else if (!problem.IsMissing || request.Options.AdditionalDirectories is not null)
                return problem with { Field = "additional_directories" };
        }

        var images = new List<string>();
        foreach (var path in request.Images ?? [])
        {
            if (!roots.TryResolveImage(path, out var image, out problem))
                return problem with { Field = "images" };
            images.Add(image);
        }

        paths = new TurnPaths(folder, effective.AdditionalDirectories is null ? null : directories, images);
        return null;
    }
}
