using System.Collections.Concurrent;
using CodexOrleans.Cluster.Suite;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>What specs of one server get here instead: the nodes of a cluster, each request at another one.</summary>
public class RunningServer : IAsyncLifetime
{
    // What one server keeps in its folder, a cluster keeps in its database.
    private readonly ConcurrentDictionary<string, Task<string>> _databases = new();
    private ClusterServer? _cluster;

    public Stage Stage => Cluster.Stage;

    public string Output => Cluster.Output;

    public string Token => Cluster.Token;

    /// <summary>Ignored: the cluster's CLI has an MCP tool, and that is all that any spec adds.</summary>
    protected virtual string CodexConfig => "";

    /// <summary>The nodes; shared with other specs.</summary>
    protected virtual Task<ClusterServer> Shared => SharedClusters.Real;

    /// <summary>Settings in which <see cref="Shared"/> differs from its stage.</summary>
    protected virtual (string Key, string Value)[] Changes => [];

    private ClusterServer Cluster => _cluster ?? throw new InvalidOperationException("The cluster was not started.");

    public async ValueTask InitializeAsync() => _cluster = await Shared;

    public CodexApi Connect(CancellationToken cancellationToken) => new(Cluster.CreateClient(), cancellationToken);

    /// <summary>Starts another cluster with the same model; the caller's to dispose.</summary>
    /// <param name="data">Its data, such as that of a cluster that ended; a new folder and database when null.</param>
    public async Task<ClusterServer> StartAnother(string? data = null, params (string Key, string Value)[] changes)
    {
        data ??= Stage.NewFolder();
        var database = await _databases.GetOrAdd(data, async _ => await (await PostgresServer.Shared).CreateDatabase());
        return await ClusterServer.Start(Stage, database, data, [.. Changes, .. changes]);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }
}
