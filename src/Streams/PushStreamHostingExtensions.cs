using CodexOrleans.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Providers;

namespace Orleans.Hosting;

/// <summary>Registers the push stream provider.</summary>
public static class PushStreamHostingExtensions
{
    /// <summary>
    /// Adds a persistent stream provider that delivers when an event is published instead of polling for it. It keeps no history: a
    /// consumer that falls behind, joins late or sits on a lost silo must be able to read what it missed elsewhere. Needs a grain storage
    /// for <c>PubSubStore</c> (or <paramref name="name"/>).
    /// </summary>
    public static ISiloBuilder AddPushStreams(this ISiloBuilder builder, string name, Action<PushStreamOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.Services.AddPushStreamOptions(name, configure);
        return builder.AddPersistentStreams(name, PushQueueAdapterFactory.Create, stream =>
        {
            stream.ConfigurePullingAgent(agent => agent.Configure<IOptionsMonitor<PushStreamOptions>>((agent, monitor) =>
            {
                var options = monitor.Get(name);
                // The agent reads until a read comes back empty or a new stream is being registered, then sleeps for this long. A read
                // waits for events, so the period is the pause after a cold stream's first event and costs nothing when idle.
                agent.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(1);
                agent.BatchContainerBatchSize = options.MaxBatchesPerDelivery;
                agent.MaxEventDeliveryTime = options.DeliveryTimeout;
            }));
            stream.ConfigureBackoffProvider(IQueueReaderBackoffProvider (_, _) => new RetryBackoff());
            stream.ConfigureBackoffProvider(IMessageDeliveryBackoffProvider (_, _) => new RetryBackoff());
        });
    }

    /// <summary>
    /// Adds the provider to a client outside the silos, which can then publish and subscribe through the silos' queue grains. The silos
    /// need the same provider with the same number of queues.
    /// </summary>
    public static IClientBuilder AddPushStreams(this IClientBuilder builder, string name, Action<PushStreamOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        builder.Services.AddPushStreamOptions(name, configure);
        return builder.AddPersistentStreams(name, PushQueueAdapterFactory.Create, configureStream: null);
    }

    private static void AddPushStreamOptions(this IServiceCollection services, string name, Action<PushStreamOptions>? configure)
    {
        var options = services.AddOptions<PushStreamOptions>(name);
        if (configure is not null)
            options.Configure(configure);
        services.AddTransient(provider => PushStreamOptionsValidator.Create(provider, name));
    }
}
