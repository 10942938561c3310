using CodexOrleans.Cluster.Suite;
using CodexOrleans.FakeCodex;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>A cluster on a CLI that does what the prompt, a shell script, says.</summary>
public sealed class FakeCodexServer : RunningServer
{
    protected override Task<ClusterServer> Shared => SharedClusters.Fake;

    protected override (string Key, string Value)[] Changes => [("Codex:ExecutablePath", FakeCli.Path)];
}
