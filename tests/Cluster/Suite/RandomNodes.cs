using System.Collections.Concurrent;
using System.Globalization;

namespace CodexOrleans.Cluster.Suite;

/// <summary>Sends each request to a node chosen at random, as a balancer without memory does.</summary>
public sealed class RandomNodes : DelegatingHandler
{
    // Repeat a failure with the seed that its output names.
    private const string SeedVariable = "CODEX_ORLEANS_NODE_SEED";

    private static readonly ConcurrentDictionary<string, int> _clients = new();

    private readonly IReadOnlyList<Uri> _nodes;
    private readonly Random _random;

    /// <param name="nodes">The nodes' addresses, in an order that is the same each time.</param>
    public RandomNodes(IReadOnlyList<Uri> nodes)
        : base(new HttpClientHandler())
    {
        _nodes = nodes;
        _random = SeededRandom();
    }

    /// <summary>The run's seed.</summary>
    public static int Seed { get; } = Environment.GetEnvironmentVariable(SeedVariable) is { } seed
        ? int.Parse(seed, CultureInfo.InvariantCulture)
        : Random.Shared.Next(1_000_000);

    /// <summary>
    /// Chances of its own for each client of a test, which it has again when the test runs alone with the same seed; the test's output
    /// tells the seed.
    /// </summary>
    public static Random SeededRandom()
    {
        var test = TestContext.Current.Test?.UniqueID ?? "";
        var client = _clients.AddOrUpdate(test, 1, (_, clients) => clients + 1);
        if (client == 1)
            TestContext.Current.TestOutputHelper?.WriteLine($"{SeedVariable}={Seed}");
        return new Random($"{test}/{client}".Aggregate(Seed, (hash, c) => unchecked(hash * 31 + c)));
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri node;
        lock (_random)
            node = _nodes[_random.Next(_nodes.Count)];
        request.RequestUri = new Uri(node, request.RequestUri!.PathAndQuery);
        return base.SendAsync(request, cancellationToken);
    }
}
