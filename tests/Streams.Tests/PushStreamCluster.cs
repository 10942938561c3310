using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Orleans.Streams;
using Orleans.TestingHost;

namespace CodexOrleans.Streams.Tests;

/// <summary>A cluster in this process with one push stream provider.</summary>
internal sealed class PushStreamCluster : IAsyncDisposable
{
    public const string Provider = "push";

    private PushStreamCluster(InProcessTestCluster cluster) => Cluster = cluster;

    public InProcessTestCluster Cluster { get; }

    public static async Task<PushStreamCluster> StartAsync(
        PushStreamPath path,
        Action<PushStreamOptions>? configure = null,
        short silos = 1,
        Action<ISiloBuilder>? configureSilo = null)
    {
        var pubSubStore = new SharedGrainStorage();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddKeyedSingleton<IGrainStorage>("PubSubStore", pubSubStore);
            silo.AddPushStreams(Provider, options =>
            {
                options.Path = path;
                configure?.Invoke(options);
            });
            configureSilo?.Invoke(silo);
        });
        builder.ConfigureClient(client => client.AddPushStreams(Provider, options => configure?.Invoke(options)));
        var cluster = builder.Build();
        await cluster.DeployAsync(TestContext.Current.CancellationToken);
        return new PushStreamCluster(cluster);
    }

    /// <summary>The stream as code inside a silo sees it.</summary>
    public IAsyncStream<TestEvent> StreamInSilo(string key, int silo = 0) =>
        Cluster.Silos[silo].ServiceProvider.GetRequiredService<IClusterClient>()
            .GetStreamProvider(Provider).GetStream<TestEvent>(StreamId.Create("test", key));

    /// <summary>The stream as a client outside the silos sees it.</summary>
    public IAsyncStream<TestEvent> StreamInClient(string key) =>
        Cluster.Client.GetStreamProvider(Provider).GetStream<TestEvent>(StreamId.Create("test", key));

    public T ServiceOf<T>(object? key = null, int silo = 0)
        where T : notnull => Cluster.Silos[silo].ServiceProvider.GetRequiredKeyedService<T>(key);

    /// <summary>The queue of a stream in <see cref="PushStreamPath.InProcess"/> mode.</summary>
    public EventQueue LocalQueueOf(string key) =>
        ServiceOf<LocalQueues>(Provider).Get(MapperOf().GetQueueForStream(StreamId.Create("test", key)));

    public IStreamQueueMapper MapperOf() => ServiceOf<IQueueAdapterFactory>(Provider).GetStreamQueueMapper();

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
