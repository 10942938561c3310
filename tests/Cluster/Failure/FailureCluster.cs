using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Cluster.Failure;

/// <summary>Three nodes that are there to be killed, on a PostgreSQL server of their own, and what the database says of them.</summary>
public sealed class FailureCluster : IAsyncLifetime
{
    // With room for more turns than any of the tests starts.
    private static readonly (string, string)[] _changes = [("Codex:ExecutablePath", FakeCli.Path), ("Codex:MaxConcurrentTurns", "100")];

    private readonly Dictionary<string, int> _gateways = Names.ToDictionary(name => name, _ => FreePorts.Next());
    private PostgresServer _postgres = null!;
    private Stage _stage = null!;
    private NpgsqlDataSource _database = null!;

    public static IReadOnlyList<string> Names { get; } = ["a", "b", "c"];

    public Nodes Nodes { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _postgres = await PostgresServer.Start();
        _stage = await Stage.Open();
        var connectionString = await _postgres.CreateDatabase();
        _database = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
        Nodes = await Nodes.Start(_postgres, connectionString, _stage, data: null, _changes);
        await Task.WhenAll(Names.Select(Start));
    }

    /// <summary>Starts a node, which front ends without a silo can reach.</summary>
    public Task Start(string name) => Nodes.StartNode(name, gatewayPort: _gateways[name]);

    /// <summary>What stands in front of <c>.</c> in the owner of each turn that the node has run, whichever of its starts.</summary>
    public string InstallationOf(string name) => File.ReadAllText(Path.Combine(Nodes[name].DataDirectory, "installation")).Trim();

    /// <summary>Turns without an end that this node has.</summary>
    public async Task<long> RunningTurnsOf(string name) =>
        (await Query($"SELECT count(*) FROM turns WHERE status = 0 AND host LIKE '{InstallationOf(name)}.%'", row => row.GetInt64(0)))[0];

    /// <summary>The rows of a query.</summary>
    public async Task<IReadOnlyList<T>> Query<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = _database.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await row.ReadAsync())
            rows.Add(read(row));
        return rows;
    }

    /// <summary>Changes rows behind the nodes' back.</summary>
    /// <returns>How many.</returns>
    public async Task<int> Change(string sql, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Nodes.DisposeAsync();
        await _database.DisposeAsync();
        await _stage.DisposeAsync();
        await _postgres.DisposeAsync();
    }
}

/// <summary>Specs that share the nodes, one after the other; each leaves them running.</summary>
[CollectionDefinition]
public sealed class KilledNodes : ICollectionFixture<FailureCluster>;
