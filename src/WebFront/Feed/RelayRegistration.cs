using CodexOrleans.Grains;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Threads;
using CodexOrleans.WebFront.Turns;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>Registration of the relay: what takes prompts to threads and their events to clients.</summary>
internal static class RelayRegistration
{
    /// <summary>Adds the relay. Needs an Orleans cluster client and an <c>IThreadReader</c>; a silo in the same host is added after it.</summary>
    public static IServiceCollection AddRelay(this IServiceCollection services) => services.AddClusterFeed().AddRelayResponses();

    /// <summary>How the feed reaches owners, and batches the feed: through the cluster.</summary>
    private static IServiceCollection AddClusterFeed(this IServiceCollection services)
    {
        services.AddSingleton<ThreadOwner>(provider =>
        {
            var cluster = provider.GetRequiredService<IClusterClient>();
            return id => cluster.GetGrain<IThreadGrain>(id);
        });
        services.AddSingleton<FrontStream>();
        return services.AddHostedService(provider => provider.GetRequiredService<FrontStream>());
    }

    /// <summary>The feed and what relays it to clients, wherever its batches come from.</summary>
    internal static IServiceCollection AddRelayResponses(this IServiceCollection services)
    {
        services.AddOptions<FeedOptions>().BindConfiguration(FeedOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<FeedOptions>, FeedOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<FeedMetrics>();
        services.AddSingleton<FrontFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<FrontFeed>());
        services.AddSingleton<RehearsalKey>();
        services.AddSingleton<StreamShutdown>();
        services.AddHostedService(provider => provider.GetRequiredService<StreamShutdown>());
        services.AddSingleton<ViewerLoop>();
        services.AddSingleton<TurnStarter>();
        services.AddSingleton<SseResponse>();
        services.AddSingleton<RunResponse>();
        return services;
    }

    /// <summary>Maps the relay's endpoints.</summary>
    public static void MapRelay(this IEndpointRouteBuilder routes)
    {
        routes.MapTurns();
        routes.MapThreads();
        routes.MapEvents();
    }

    private sealed class FeedOptionsValidator : IValidateOptions<FeedOptions>
    {
        public ValidateOptionsResult Validate(string? name, FeedOptions options)
        {
            var faults = options.Faults().ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(string.Join(" ", faults));
        }
    }
}
