using CodexOrleans.Cluster.Suite;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>A cluster behind a balancer, and a browser to look at it with.</summary>
public sealed class BrowsedServer : Browsed
{
    private ClusterServer? _cluster;
    private Balancer? _balancer;

    public override Stage Stage => _cluster!.Stage;

    public Balancer Server => _balancer!;

    protected override Uri Address => Server.Address;

    protected override string Token => Server.Token;

    protected override async Task Serve()
    {
        _cluster = await SharedClusters.Real;
        _balancer = await Balancer.Start(_cluster);
    }

    protected override ValueTask End() => _balancer?.DisposeAsync() ?? default;
}
