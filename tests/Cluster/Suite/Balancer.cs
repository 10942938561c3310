using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace CodexOrleans.Cluster.Suite;

/// <summary>A reverse proxy before the nodes that sends each request to a random one, and passes on the host that the browser named.</summary>
public sealed class Balancer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ClusterServer _cluster;

    private Balancer(WebApplication app, ClusterServer cluster)
    {
        _app = app;
        _cluster = cluster;
    }

    public Uri Address => new(_app.Urls.Single());

    public string Token => _cluster.Token;

    /// <summary>A client beside the browser, which needs no proxy.</summary>
    public HttpClient CreateClient() => _cluster.CreateClient();

    public static async Task<Balancer> Start(ClusterServer cluster)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILoadBalancingPolicy, RandomPolicy>();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [
                new RouteConfig
                {
                    RouteId = "all",
                    ClusterId = "nodes",
                    Match = new RouteMatch { Path = "{**path}" },
                    Transforms = [new Dictionary<string, string> { ["RequestHeaderOriginalHost"] = "true" }],
                },
            ],
            [
                new ClusterConfig
                {
                    ClusterId = "nodes",
                    LoadBalancingPolicy = nameof(RandomPolicy),
                    Destinations = cluster.Addresses.Index().ToDictionary(node => $"{node.Index}", node => new DestinationConfig { Address = node.Item.ToString() }),
                },
            ]);
        var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return new Balancer(app, cluster);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class RandomPolicy : ILoadBalancingPolicy
    {
        private readonly Random _random = RandomNodes.SeededRandom();

        public string Name => nameof(RandomPolicy);

        public DestinationState? PickDestination(HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
        {
            lock (_random)
                return availableDestinations[_random.Next(availableDestinations.Count)];
        }
    }
}
