using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Workspaces;

/// <summary>Where turns may work on this machine. Section <c>Workspaces</c>.</summary>
public sealed class WorkspaceOptions
{
    public const string Section = "Workspaces";

    /// <summary>
    /// Absolute paths of folders under which working directories, additional directories and images may lie. None configured (the
    /// default) means the user's home and the temp folder.
    /// </summary>
    public IList<string> Roots { get; } = [];
}

internal sealed class WorkspaceOptionsValidator : IValidateOptions<WorkspaceOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkspaceOptions options)
    {
        var problems = options.Roots.Where(root => !Path.IsPathFullyQualified(root) || !Directory.Exists(root))
            .Select(root => $"Workspaces:Roots has '{root}': each root must be the absolute path of an existing folder.").ToArray();
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
