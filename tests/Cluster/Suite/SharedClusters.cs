using CodexOrleans.Cluster.Suite;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;

[assembly: AssemblyFixture(typeof(SharedClusters))]

namespace CodexOrleans.Cluster.Suite;

/// <summary>
/// The two clusters that all specs of one server share: three nodes take longer to start than most tests last. Each starts when it is
/// first asked for; the test run's end ends them.
/// </summary>
public sealed class SharedClusters : IAsyncDisposable
{
    private static readonly Lazy<Task<ClusterServer>> _real = new(() => Start());
    private static readonly Lazy<Task<ClusterServer>> _fake = new(() => Start(("Codex:ExecutablePath", FakeCli.Path)));

    /// <summary>With the real CLI, which has an MCP tool.</summary>
    public static Task<ClusterServer> Real => _real.Value;

    /// <summary>With a CLI that does what the prompt, a shell script, says.</summary>
    public static Task<ClusterServer> Fake => _fake.Value;

    public async ValueTask DisposeAsync()
    {
        foreach (var cluster in new[] { _real, _fake }.Where(cluster => cluster.IsValueCreated))
        {
            // One that did not start has failed the tests already.
            if (cluster.Value.IsCompletedSuccessfully)
                await End(cluster.Value.Result);
        }
    }

    private static async Task<ClusterServer> Start(params (string Key, string Value)[] changes) =>
        await ClusterServer.Start(await Stage.Open(TinyMcpServer.Configuration), await (await PostgresServer.Shared).CreateDatabase(), data: null, changes);

    private static async Task End(ClusterServer cluster)
    {
        await cluster.DisposeAsync();
        await cluster.Stage.DisposeAsync();
    }
}
