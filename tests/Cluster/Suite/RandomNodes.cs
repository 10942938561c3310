using System.Globalization;

namespace CodexOrleans.Cluster.Suite;

/// <summary>Sends each request to a node chosen at random, as a balancer without memory does.</summary>
public sealed class RandomNodes : DelegatingHandler
{
    // Repeat a failure with the seed that its output names.
    private const string SeedVariable = "CODEX_ORLEANS_NODE_SEED";

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

    /// <summary>Chances that a test has again when it runs alone with the same seed; the test's output tells the seed.</summary>
    public static Random SeededRandom()
    {
        var test = TestContext.Current.Test?.UniqueID ?? "";
        TestContext.Current.TestOutputHelper?.WriteLine($"{SeedVariable}={Seed}");
        return new Random(test.Aggregate(Seed, (hash, c) => unchecked(hash * 31 + c)));
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
