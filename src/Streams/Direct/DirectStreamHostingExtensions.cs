using CodexOrleans.Streams.Direct;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Streams;

namespace Orleans.Hosting;

/// <summary>Registers the direct stream provider.</summary>
public static class DirectStreamHostingExtensions
{
    /// <summary>
    /// Adds a stream provider for streams that have one subscriber each. A subscriber outside grains and in the publisher's own process
    /// is called on the publisher's thread: it must be quick, and no subscription calls it twice at the same time. The streams keep no
    /// history: what was dropped for a subscriber that is too slow, or published before it came, must be read elsewhere.
    /// </summary>
    /// <param name="through">
    /// Name of the provider by which subscribers in other processes are reached; it must be added too. Null when the cluster is this
    /// process.
    /// </param>
    public static ISiloBuilder AddDirectStreams(
        this ISiloBuilder builder, string name, string? through = null, Action<DirectStreamOptions>? configure = null)
    {
        builder.Services.AddDirectStreams(name, through, configure);
        return builder;
    }

    /// <summary>
    /// Adds the provider to a client outside the silos, which has no publishers of its own: all its subscribers are reached through
    /// <paramref name="through"/>, as they are where a silo is in the process too.
    /// </summary>
    public static IClientBuilder AddDirectStreams(
        this IClientBuilder builder, string name, string through, Action<DirectStreamOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(through);
        builder.Services.AddDirectStreams(name, through, configure);
        return builder;
    }

    private static void AddDirectStreams(
        this IServiceCollection services, string name, string? through, Action<DirectStreamOptions>? configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var options = services.AddOptions<DirectStreamOptions>(name);
        if (configure is not null)
            options.Configure(configure);
        services.AddTransient(provider => DirectStreamOptionsValidator.Create(provider, name, through));
        services.AddKeyedSingleton<IStreamProvider>(name, (provider, _) => new DirectStreamProvider(
            name,
            through is null ? null : provider.GetRequiredKeyedService<IStreamProvider>(through),
            provider.GetRequiredService<IOptionsMonitor<DirectStreamOptions>>().Get(name)));
    }
}
