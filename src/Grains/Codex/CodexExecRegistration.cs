using CodexOrleans.Grains.Codex.Exec;
using CodexOrleans.Grains.Codex.Installation;
using CodexOrleans.Grains.Codex.Processes;
using CodexOrleans.Storage.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Codex;

public static class CodexExecRegistration
{
    /// <summary>
    /// Adds the exec engine as <see cref="ICodexEngine"/>, what it needs, the guard process, and the sweep of strays at start. Uses the
    /// registered <see cref="DataDirectory"/> for scratch files and the installation's id; without one, a temporary folder.
    /// </summary>
    public static IServiceCollection AddCodexExec(this IServiceCollection services)
    {
        services.AddOptions<CodexOptions>().BindConfiguration(CodexOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CodexOptions>, CodexOptionsValidator>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => s.GetService<DataDirectory>() is { } data ? HostTag.Of(data) : HostTag.Ephemeral());
        services.AddMetrics();
        services.TryAddSingleton<CliMetrics>();
        services.TryAddSingleton<StrayProcesses>();
        services.TryAddSingleton<CodexInstallation>();
        services.TryAddSingleton<ICodexEngine>(s => new ExecEngine(
            s.GetRequiredService<IOptions<CodexOptions>>(),
            s.GetRequiredService<HostTag>(),
            s.GetService<DataDirectory>()?.Scratch ?? Path.Combine(Path.GetTempPath(), $"codex-orleans-{s.GetRequiredService<HostTag>().Boot}"),
            s.GetRequiredService<StrayProcesses>(),
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<ExecEngine>>(),
            s.GetRequiredService<CliMetrics>(),
            s.GetRequiredService<CodexInstallation>()));
        services.AddHostedService<StraySweep>();
        services.AddHostedService<HostGuard>();
        return services;
    }
}
