using CodexOrleans.Grains;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Feed;

/// <summary>Registration of the feed: what takes events of threads to viewers.</summary>
internal static class FeedRegistration
{
    /// <summary>
    /// Adds the feed. Needs an Orleans cluster client and an <c>IThreadReader</c>; a silo in the same host is added after it.
    /// </summary>
    public static IServiceCollection AddFeed(this IServiceCollection services) => services.AddClusterFeed().AddViewers();

    /// <summary>The feed's viewers, wherever its batches come from.</summary>
    public static IServiceCollection AddViewers(this IServiceCollection services)
    {
        services.AddOptions<FeedOptions>().BindConfiguration(FeedOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<FeedOptions>, FeedOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<FeedMetrics>();
        services.AddSingleton<FrontFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<FrontFeed>());
        services.AddSingleton<StreamShutdown>();
        services.AddHostedService(provider => provider.GetRequiredService<StreamShutdown>());
        return services.AddSingleton<ViewerLoop>();
    }

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

    private sealed class FeedOptionsValidator : IValidateOptions<FeedOptions>
    {
        public ValidateOptionsResult Validate(string? name, FeedOptions options)
        {
            var faults = options.Faults().ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(string.Join(" ", faults));
        }
    }
}
