using CodexOrleans.Streams.Direct;
using Orleans.Streams;
using Orleans.TestingHost;

namespace CodexOrleans.Streams.Tests.Direct;

/// <summary>Silos with direct streams that reach each other through the push streams. Each stands for a process: it has its own provider.</summary>
internal sealed class DirectStreamCluster : IAsyncDisposable
{
    public const string Provider = "direct";

    private readonly PushStreamCluster _cluster;

    private DirectStreamCluster(PushStreamCluster cluster) => _cluster = cluster;

    public InProcessTestCluster Cluster => _cluster.Cluster;

    public static async Task<DirectStreamCluster> StartAsync(short silos, string through = PushStreamCluster.Provider, Action<DirectStreamOptions>? configure = null) =>
        new(await PushStreamCluster.StartAsync(silos: silos, configureSilo: silo => silo.AddDirectStreams(Provider, through, configure)));

    /// <summary>The stream as code inside a silo, outside grains, sees it.</summary>
    public IAsyncStream<TestEvent> Stream(string key, int silo) =>
        _cluster.ServiceOf<IStreamProvider>(Provider, silo).GetStream<TestEvent>(StreamId.Create("test", key));

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
