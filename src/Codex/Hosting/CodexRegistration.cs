using CodexOrleans.Codex.Accounts;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Installation;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Hosting;

public static class CodexRegistration
{
    /// <summary>
    /// Adds the exec engine as <see cref="ICodexEngine"/>, what it needs, the guard process, and the sweep of strays at start. Uses the
    /// registered <see cref="ProcessTag"/> and <see cref="ScratchFolder"/>; without them, new ones.
    /// </summary>
    public static IServiceCollection AddCodexEngine(this IServiceCollection services)
    {
        services.AddOptions<CodexOptions>().BindConfiguration(CodexOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CodexOptions>, CodexOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => ProcessTag.Ephemeral());
        services.TryAddSingleton(_ => ScratchFolder.Temporary());
        services.TryAddSingleton(s => new CodexAccount(
            s.GetRequiredService<IOptions<CodexOptions>>().Value, s.GetRequiredService<ProcessTag>()));
        services.TryAddSingleton<CliMetrics>();
        services.TryAddSingleton<StrayProcesses>();
        services.TryAddSingleton<CodexInstallation>();
        services.TryAddSingleton<ICodexEngine, ExecEngine>();
        services.AddHostedService<StraySweep>();
        services.AddHostedService<HostGuard>();
        return services;
    }
}
