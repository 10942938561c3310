namespace CodexOrleans.Load.Servers;

/// <summary>Nodes of our server on one database, each with data and a CLI home of its own.</summary>
internal sealed class NodeCluster : IAsyncDisposable
{
    private readonly List<ServerProcess> _nodes = [];
    private readonly List<CpuQuota> _quotas = [];

    private NodeCluster(string name, PostgresProcess postgres)
    {
        Name = name;
        Postgres = postgres;
    }

    /// <summary>Also of its database.</summary>
    public string Name { get; }

    public PostgresProcess Postgres { get; }

    public IReadOnlyList<ServerProcess> Nodes => _nodes;

    /// <summary>One for each node, when they were asked for.</summary>
    public IReadOnlyList<CpuQuota> Quotas => _quotas;

    /// <summary>Makes the database and starts the nodes one after the other.</summary>
    /// <param name="name">A word of lower case that no other cluster on this PostgreSQL server has.</param>
    /// <param name="kinds">The nodes get folders of their own in its folder.</param>
    /// <param name="quotas">Each node gets a quota: of one core, until another one is set.</param>
    public static async Task<NodeCluster> Start(string name, int nodes, ServerKinds kinds, PostgresProcess postgres, bool quotas, CancellationToken cancellationToken)
    {
        var cluster = new NodeCluster(name, postgres);
        try
        {
            await postgres.CreateDatabase(name, cancellationToken);
            for (var i = 1; i <= nodes; i++)
                await cluster.Add($"{name}-{i}", kinds, quotas, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public void ThrowIfEnded()
    {
        foreach (var node in _nodes)
            node.ThrowIfEnded();
    }

    public async ValueTask DisposeAsync()
    {
        // A node that leaves waits for its own things, and with a small quota long.
        foreach (var quota in _quotas)
            quota.Set(1);
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        foreach (var quota in _quotas)
            quota.Dispose();
    }

    private async Task Add(string name, ServerKinds kinds, bool limited, CancellationToken cancellationToken)
    {
        CpuQuota? quota = null;
        if (limited)
        {
            _quotas.Add(quota = CpuQuota.Create(name));
            // .NET counts its processors by the quota that it finds at start.
            quota.Set(1);
        }

        var node = kinds with
        {
            Folder = Directory.CreateDirectory(Path.Combine(kinds.Folder, name)).FullName,
            Quota = quota,
            OursArguments =
            [
                "--Cluster:Mode=Node", $"--Cluster:Id={Name}", "--Cluster:Address=127.0.0.1", "--Cluster:SiloPort=0",
                "--Storage:Provider=Postgres", $"--Storage:ConnectionString={Postgres.ConnectionString(Name)}",
            ],
        };
        _nodes.Add(await node.Start(name, cancellationToken));
    }
}
