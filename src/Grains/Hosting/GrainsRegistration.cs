using CodexOrleans.Codex.Hosting;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Grains.Placement;
using CodexOrleans.Grains.Slots;
using CodexOrleans.Grains.Threads;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace CodexOrleans.Grains.Hosting;

/// <summary>Registration of what threads need on a silo.</summary>
public static class GrainsRegistration
{
    /// <summary>Joins the turn slots of all silos to one queue.</summary>
    public static IServiceCollection AddTurnQueue(this IServiceCollection services) => services.AddHostedService<TurnQueueLink>();

    public static IServiceCollection AddCodexGrains(this IServiceCollection services)
    {
        // The data directory's lock makes sure that nobody else uses its scratch folder.
        services.TryAddSingleton(provider => ProcessTag.Of(InstallationId.Of(provider.GetRequiredService<DataDirectory>())));
        services.TryAddSingleton(provider => new ScratchFolder(provider.GetRequiredService<DataDirectory>().Scratch));
        services.AddCodexEngine();
        services.AddSingleton<TurnSlots>();
        services.AddMetrics();
        services.AddSingleton<TurnMetrics>();
        services.AddSingleton<ThreadLogs>();
        services.AddSingleton<TurnPreparation>();
        services.AddSingleton<TurnRecovery>();
        services.AddSingleton<ThreadHistory>();
        services.AddSingleton<SessionRecords>();
        services.AddOptions<ThreadWorkspaceOptions>().BindConfiguration(ThreadWorkspaceOptions.Section).ValidateOnStart();
        services.AddSingleton<ThreadWorkspace>();
        services.AddOptions<WorkspaceOptions>().BindConfiguration(WorkspaceOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WorkspaceOptions>, WorkspaceOptionsValidator>();
        services.AddSingleton(provider => new WorkspaceRoots(
            provider.GetRequiredService<IOptions<WorkspaceOptions>>().Value.Roots,
            provider.GetRequiredService<DataDirectory>(),
            CodexHomes(provider.GetRequiredService<IOptions<CodexOptions>>().Value)));
        services.AddSingleton<ThreadHome>();
        services.AddPlacementDirector<ThreadPlacement, ThreadPlacementDirector>();
        services.AddSingleton<TurnSweep>();
        services.AddHostedService(provider => provider.GetRequiredService<TurnSweep>());
        services.AddHostedService<TurnDrain>();

        services.AddOptions<HostOptions>()
            .Configure<IOptions<CodexOptions>>((host, codex) => host.ShutdownTimeout = codex.Value.ShutdownLimit);

        // Idle threads are deactivated after two minutes to free their memory; the next call reads one row.
        services.Configure<GrainCollectionOptions>(collection =>
        {
            collection.CollectionQuantum = TimeSpan.FromSeconds(30);
            collection.ClassSpecificCollectionAge[typeof(ThreadGrain).FullName!] = TimeSpan.FromMinutes(2);
        });
        return services;
    }

    /// <summary>All known homes of the CLI on this machine: those of the server and of its user.</summary>
    private static IEnumerable<string> CodexHomes(CodexOptions codex) =>
        new[]
        {
            codex.Home,
            codex.Environment.GetValueOrDefault("CODEX_HOME"),
            Environment.GetEnvironmentVariable("CODEX_HOME"),
            Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".codex"),
        }.OfType<string>().Where(home => home.Length > 0);
}
