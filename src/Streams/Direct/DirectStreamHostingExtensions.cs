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
    public static ISiloBuilder AddDirectStreams(this ISiloBuilder builder, string name, string? through = null, Action<DirectStreamOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var options = builder.Services.AddOptions<DirectStreamOptions>(name);
        if (configure is not null)
            options.Configure(configure);
        builder.Services.AddTransient(services => DirectStreamOptionsValidator.Create(services, name, through));
        builder.Services.AddKeyedSingleton<IStreamProvider>(name, (services, _) => new DirectStreamProvider(
            name,
            through is null ? null : services.GetRequiredKeyedService<IStreamProvider>(through),
            services.GetRequiredService<IOptionsMonitor<DirectStreamOptions>>().Get(name)));
        return builder;
    }
}
