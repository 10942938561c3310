using System.Net.Http.Headers;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster.Suite;

/// <summary>Three nodes, used as if they were one server. It has what specs ask of a <see cref="ServerProcess"/>.</summary>
public sealed class ClusterServer(Nodes nodes) : IAsyncDisposable
{
    private static readonly string[] _names = ["a", "b", "c"];

    public Stage Stage => nodes.Stage;

    public string Token => Nodes.Token;

    /// <summary>Where each node is, in the order of their names.</summary>
    public IReadOnlyList<Uri> Addresses => [.. _names.Select(name => nodes[name].Address)];

    /// <summary>Everything that the nodes have printed so far.</summary>
    public string Output => string.Join('\n', Processes.Select(node => node.Output));

    public int ExitCode => Processes.Max(node => node.ExitCode);

    private IEnumerable<ServerProcess> Processes => _names.Select(name => nodes[name]);

    /// <param name="data">The folder of the nodes' data, when it is to outlive them.</param>
    public static async Task<ClusterServer> Start(Stage stage, string database, string? data, params (string Key, string Value)[] changes) =>
        new(await Nodes.Start(await PostgresServer.Shared, database, stage, data, changes, _names));

    /// <summary>A client each of whose requests goes to a random node.</summary>
    public HttpClient CreateClient()
    {
        var client = new HttpClient(new RandomNodes(Addresses)) { BaseAddress = new Uri("http://any-node"), Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return client;
    }

    /// <summary>SIGTERM to all of them, without waiting.</summary>
    public void Terminate()
    {
        foreach (var node in Processes)
            node.Terminate();
    }

    public Task Exited() => Task.WhenAll(Processes.Select(node => node.Exited()));

    public ValueTask DisposeAsync() => nodes.DisposeAsync();
}
