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
            silo.AddPushStreams(Provider, configure);
            configureSilo?.Invoke(silo);
        });
        builder.ConfigureClient(client => client.AddPushStreams(Provider, configure));
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

    /// <summary>Key of the queue grain that a stream's events go through.</summary>
    public string QueueOf(string key) => QueueGrain.KeyOf(
        Provider,
        ServiceOf<IQueueAdapterFactory>(Provider).GetStreamQueueMapper().GetQueueForStream(StreamId.Create("test", key)));

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
