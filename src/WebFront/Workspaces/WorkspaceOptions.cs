using CodexOrleans.Storage;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>Where turns may work. Section <c>Workspaces</c>.</summary>
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

internal static class WorkspaceRegistration
{
    public static void AddWorkspaceRoots(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<WorkspaceOptions>().BindConfiguration(WorkspaceOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<WorkspaceOptions>, WorkspaceOptionsValidator>();
        builder.Services.AddSingleton(services => new WorkspaceRoots(
            services.GetRequiredService<IOptions<WorkspaceOptions>>().Value.Roots,
            services.GetRequiredService<DataDirectory>(),
            CodexHomes(builder.Configuration["Codex:Home"])));
    }

    /// <summary>Every home of the CLI on this machine that is known: the server's own (an option of the engine) and the user's.</summary>
    private static IEnumerable<string> CodexHomes(string? configured) =>
        new[]
        {
            configured,
            Environment.GetEnvironmentVariable("CODEX_HOME"),
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".codex"),
        }.Where(home => !string.IsNullOrEmpty(home)).Select(home => home!);
}
