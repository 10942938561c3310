using System.Collections.Concurrent;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;
using Npgsql;

namespace CodexOrleans.Cluster.Support;

/// <summary>A cluster of real server processes on a real PostgreSQL server, all on this machine.</summary>
public sealed class Nodes : IAsyncDisposable
{
    /// <summary>What opens every node.</summary>
    public const string Token = "a-token-that-all-nodes-of-the-test-cluster-share";

    private static readonly IReadOnlyList<(string, string)> _fakeCli = [("Codex:ExecutablePath", FakeCli.Path)];

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, ServerProcess> _nodes = new();
    private readonly string _cluster = $"test-{Guid.NewGuid():N}";
    private readonly string _data;
    private readonly IReadOnlyList<(string Key, string Value)> _changes;
    private readonly IReadOnlyList<IAsyncDisposable> _owned;

    private Nodes(PostgresServer postgres, string database, Stage stage, string? data, IReadOnlyList<(string Key, string Value)> changes, params IReadOnlyList<IAsyncDisposable> owned)
    {
        Postgres = postgres;
        Database = database;
        Stage = stage;
        _data = data ?? _folder.Path;
        _changes = changes;
        _owned = owned;
    }

    /// <summary>The model that the real CLI talks to.</summary>
    public Stage Stage { get; }

    public PostgresServer Postgres { get; }

    /// <summary>Connection string of the nodes' database.</summary>
    public string Database { get; }

    /// <summary>The nodes by name; a node that was killed stays until it is started again.</summary>
    public IReadOnlyDictionary<string, ServerProcess> All => _nodes;

    public ServerProcess this[string name] => _nodes[name];

    /// <summary>Starts a PostgreSQL server of its own, and nodes on it.</summary>
    /// <param name="fake">With a CLI that does what the prompt, a shell script, says; else with the real one and a scripted model.</param>
    public static Task<Nodes> Start(bool fake, params string[] names) => Start(fake, [], names);

    /// <inheritdoc cref="Start(bool, string[])"/>
    /// <param name="changes">Settings that differ from the stage's.</param>
    public static async Task<Nodes> Start(bool fake, IReadOnlyList<(string Key, string Value)> changes, params string[] names)
    {
        var postgres = await PostgresServer.Start();
        var stage = await Stage.Open();
        return await new Nodes(postgres, await postgres.CreateDatabase(), stage, data: null, [.. fake ? _fakeCli : [], .. changes], postgres, stage).Start(names);
    }

    /// <summary>Starts nodes on a PostgreSQL server and a stage that are the caller's, and others' at the same time.</summary>
    /// <param name="data">The folder of the nodes' data, when it is to outlive them.</param>
    /// <param name="changes">Settings that differ from the stage's.</param>
    public static Task<Nodes> Start(PostgresServer postgres, string database, Stage stage, string? data, IReadOnlyList<(string Key, string Value)> changes, params string[] names) =>
        new Nodes(postgres, database, stage, data, changes).Start(names);

    /// <summary>Starts nodes that share nothing but their database, which is on a server of this process.</summary>
    /// <param name="changes">Settings that differ from the stage's.</param>
    public static async Task<Nodes> Start(IReadOnlyList<(string Key, string Value)> changes, params string[] names)
    {
        var postgres = await PostgresServer.Shared;
        var stage = await Stage.Open();
        return await new Nodes(postgres, await postgres.CreateDatabase(), stage, data: null, [.. _fakeCli, .. changes], stage).Start(names);
    }

    /// <summary>Starts a node, on the data of the one that had this name before.</summary>
    /// <param name="own">Settings of this node alone.</param>
    public async Task<ServerProcess> StartNode(string name, string mode = "Node", int gatewayPort = 0, IReadOnlyList<(string Key, string Value)>? own = null)
    {
        await EndEarlier(name);
        return _nodes[name] = await ServerProcess.Start(FolderOf(name), Settings(name, mode, gatewayPort, own));
    }

    /// <summary>Starts a silo without a front end, on the data of the one that had this name before; its gateway is open.</summary>
    public async Task<ServerProcess> StartSilo(string name, string address = "127.0.0.1")
    {
        await EndEarlier(name);
        var settings = Settings(name, "Node", FreePorts.Next());
        settings["Cluster:Address"] = address;
        return _nodes[name] = await ServerProcess.StartSilo(FolderOf(name), settings);
    }

    /// <summary>What a node is told: all of its configuration, for a test that starts a process of its own.</summary>
    public Dictionary<string, string> Settings(string name, string mode = "Node", int gatewayPort = 0, IReadOnlyList<(string Key, string Value)>? own = null)
    {
        var settings = new Dictionary<string, string>(Stage.Settings)
        {
            ["Auth:Token"] = Token,
            ["Cluster:Mode"] = mode,
            ["Cluster:Id"] = _cluster,
            ["Cluster:Address"] = "127.0.0.1",
            ["Cluster:SiloPort"] = "0",
            ["Cluster:GatewayPort"] = $"{gatewayPort}",
            ["Codex:StopGrace"] = "00:00:00.5",
            ["Storage:Provider"] = "Postgres",
            ["Storage:ConnectionString"] = Database,
            ["Storage:RetryFor"] = "00:00:30",
        };
        // Each node has a home of its own, as on machines of their own.
        var home = HomeOf(name);
        if (!Directory.Exists(home))
        {
            Directory.CreateDirectory(home);
            File.Copy(Path.Combine(Stage.Home.Path, "config.toml"), Path.Combine(home, "config.toml"));
        }

        settings["Codex:Home"] = settings["Codex:Environment:CODEX_HOME"] = home;
        foreach (var (key, value) in _changes.Concat(own ?? []))
            settings[key] = value;
        return settings;
    }

    /// <summary>A client of one node.</summary>
    public CodexApi Connect(string name, CancellationToken cancellationToken) => new(_nodes[name].CreateClient(Token), cancellationToken);

    /// <summary>The node that runs or ran a turn.</summary>
    public Task<string> NodeOfTurn(Guid turn) => NodeBy("SELECT split_part(host, '.', 1) FROM turns WHERE id = $1", turn);

    /// <summary>The node where the only grain of a type is active.</summary>
    public Task<string> NodeOfGrain(string type) => NodeBy(
        """
        SELECT name FROM cluster_silos JOIN grain_directory ON grain_directory.silo LIKE '%:' || port || '@' || generation OR grain_directory.silo LIKE '%:' || port || ':' || generation
        WHERE grain LIKE $1 || '/%' AND status = 3
        """,
        type);

    /// <summary>The CLI's records of sessions that a node has.</summary>
    public IReadOnlyList<string> RecordsOf(string name) => Directory.GetFiles(HomeOf(name), "rollout-*.jsonl", SearchOption.AllDirectories);

    /// <summary>Deletes what the CLI has of its own on a node that has ended.</summary>
    public void DeleteHome(string name) => Directory.Delete(HomeOf(name), recursive: true);

    /// <summary>Until it is disposed, no node can keep a record of a session in the database; what is kept can be read.</summary>
    public async Task<NpgsqlConnection> LockRecords(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection($"{Database};Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE sessions IN SHARE ROW EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }

    /// <summary>Waits until the CLI's record of a thread's last turn is in the database.</summary>
    public Task RecordIsKept(Guid thread) => Condition.Becomes(async () =>
    {
        await using var database = NpgsqlDataSource.Create(Database);
        await using var command = database.CreateCommand(
            "SELECT turn_id = (SELECT id FROM turns WHERE thread_id = $1 ORDER BY first_seq DESC LIMIT 1) FROM sessions WHERE thread_id = $1");
        command.Parameters.Add(new NpgsqlParameter { Value = thread });
        return await command.ExecuteScalarAsync() is true;
    });

    /// <param name="sql">Finds the name of a silo, which is its installation's.</param>
    private async Task<string> NodeBy(string sql, object value)
    {
        await using var database = NpgsqlDataSource.Create(Database);
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = value });
        var installation = (string?)await command.ExecuteScalarAsync() ?? throw new InvalidOperationException($"No silo was found for {value}.");
        return _nodes.Single(node => File.ReadAllText(Path.Combine(node.Value.DataDirectory, "installation")).Trim() == installation).Key;
    }

    private async Task EndEarlier(string name)
    {
        if (_nodes.TryRemove(name, out var earlier))
            await earlier.DisposeAsync();
    }

    private string FolderOf(string name) => Directory.CreateDirectory(Path.Combine(_data, name)).FullName;

    private string HomeOf(string name) => Path.Combine(Stage.Home.Path, "nodes", _cluster, name);

    private async Task<Nodes> Start(string[] names)
    {
        try
        {
            await Task.WhenAll(names.Select(name => StartNode(name)));
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Values.Select(node => node.DisposeAsync().AsTask()));
        foreach (var owned in _owned)
            await owned.DisposeAsync();
        _folder.Dispose();
    }
}
