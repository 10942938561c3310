using CodexOrleans.Load.Servers;
using CodexOrleans.Load.Sockets;
using Npgsql;

namespace CodexOrleans.Load.Failover;

/// <summary>Three nodes on a PostgreSQL server of their own; each finds its data again when it is started anew.</summary>
internal sealed class FailoverCluster : IAsyncDisposable
{
    private const int Nodes = 3;
    private const int Kill9 = 9;

    private const string DatabaseName = "failover";

    private readonly PostgresProcess _postgres;
    private readonly string _connectionString;
    private readonly ServerKinds _kinds;
    private readonly ServerProcess?[] _nodes = new ServerProcess?[Nodes];

    private FailoverCluster(PostgresProcess postgres, ServerKinds kinds)
    {
        _postgres = postgres;
        _connectionString = postgres.ConnectionString(DatabaseName);
        _kinds = kinds;
        Database = NpgsqlDataSource.Create(_connectionString);
    }

    public NpgsqlDataSource Database { get; }

    public static int Count => Nodes;

    public ServerProcess this[int node] => _nodes[node] ?? throw new InvalidOperationException($"Node {node} is not running.");

    public static async Task<FailoverCluster> Start(ServerKinds kinds, CancellationToken cancellationToken)
    {
        var postgres = await PostgresProcess.Start(countStatements: false, cancellationToken);
        var cluster = new FailoverCluster(postgres, kinds);
        try
        {
            await postgres.CreateDatabase(DatabaseName, cancellationToken);
            for (var node = 0; node < Nodes; node++)
                await cluster.StartNode(node, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task StartNode(int node, CancellationToken cancellationToken)
    {
        var kinds = _kinds with
        {
            Folder = Directory.CreateDirectory(Path.Combine(_kinds.Folder, $"node-{node}")).FullName,
            OursArguments =
            [
                "--Cluster:Mode=Node", "--Cluster:Address=127.0.0.1", "--Cluster:SiloPort=0",
                "--Storage:Provider=Postgres", $"--Storage:ConnectionString={_connectionString}", .. _kinds.OursArguments,
            ],
        };
        _nodes[node] = await kinds.Start(ServerKinds.Ours, cancellationToken);
    }

    /// <summary>kill -9, without waiting.</summary>
    public void Kill(int node) => _ = SystemCalls.Kill(this[node].Id, Kill9);

    /// <summary>Lets go of one that was killed.</summary>
    public async Task Bury(int node)
    {
        await this[node].DisposeAsync();
        _nodes[node] = null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            if (node is not null)
                await node.DisposeAsync();
        }

        await Database.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}
