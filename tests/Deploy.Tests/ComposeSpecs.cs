using CodexOrleans.TestSupport;
using YamlDotNet.RepresentationModel;

namespace CodexOrleans.Deploy.Tests;

public sealed class ComposeSpecs : IAsyncLifetime
{
    private static readonly string[] _nodes = ["node1", "node2", "node3"];

    private YamlMappingNode _file = null!;

    /// <summary>The file as docker-compose understands it: checked against its schema, with all references and variables resolved.</summary>
    public async ValueTask InitializeAsync()
    {
        var secrets = new Dictionary<string, string?> { ["DB_PASSWORD"] = "a-password", ["TOKEN"] = "a-token-of-more-than-thirty-two-characters" };
        var config = await ExternalCommand.Run(
            ExternalTool.Find("docker-compose", "docker-compose"), ["-f", "compose.yaml", "config"], Path.Combine(DeployFiles.Root, "compose"), secrets, TestContext.Current.CancellationToken);
        using var text = new StringReader(config.Succeeded().Output);
        var yaml = new YamlStream();
        yaml.Load(text);
        _file = (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    public ValueTask DisposeAsync() => default;

    [Fact]
    public void Each_node_has_a_data_volume_of_its_own_and_all_share_the_workspaces()
    {
        var volumes = _nodes.Select(node => ((YamlSequenceNode)Service(node)["volumes"]).Select(volume => volume.ToString()).ToList()).ToList();

        Assert.Equal(3, volumes.Select(node => node.Single(volume => volume.Contains(":/var/lib/codex-orleans", StringComparison.Ordinal))).Distinct().Count());
        Assert.Single(volumes.Select(node => node.Single(volume => volume.Contains(":/workspaces", StringComparison.Ordinal))).Distinct());
    }

    [Fact]
    public void A_stop_leaves_a_node_the_time_that_its_drain_takes() => Assert.All(_nodes, node =>
    {
        var drain = TimeSpan.Parse(((YamlMappingNode)Service(node)["environment"])["Codex__DrainTimeout"].ToString());
        var grace = Service(node)["stop_grace_period"].ToString();
        Assert.True(Seconds(grace) > (drain + DeployFiles.BesideTheDrain).TotalSeconds, $"{grace} for {drain}");
    });

    [Fact]
    public void Nodes_start_when_the_database_is_migrated() => Assert.All(_nodes, node =>
    {
        Assert.Equal("service_completed_successfully", Service(node)["depends_on"]["migrate"]["condition"].ToString());
        Assert.Equal("service_healthy", Service("migrate")["depends_on"]["db"]["condition"].ToString());
        Assert.Equal("--migrate", Service("migrate")["command"][0].ToString());
    });

    [Fact]
    public void Only_the_proxy_is_reachable_and_only_from_this_machine()
    {
        var open = ((YamlMappingNode)_file["services"]).Where(service => ((YamlMappingNode)service.Value).Children.ContainsKey("ports")).ToList();

        var proxy = Assert.Single(open);
        Assert.Equal("proxy", proxy.Key.ToString());
        Assert.All((YamlSequenceNode)proxy.Value["ports"], port => Assert.StartsWith("127.0.0.1:", port.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void The_proxy_knows_every_node() =>
        Assert.Equal(_nodes.Select(node => $"{node}:8000"), new[] { "NODE1", "NODE2", "NODE3" }.Select(name => Service("proxy")["environment"][name].ToString()));

    private YamlMappingNode Service(string name) => (YamlMappingNode)_file["services"][name];

    private static double Seconds(string duration) =>
        // As docker-compose prints them: 2m30s.
        (duration.IndexOf('m', StringComparison.Ordinal) is > 0 and var m ? 60 * double.Parse(duration[..m]) : 0)
            + (duration.EndsWith('s') ? double.Parse(duration[(duration.IndexOf('m', StringComparison.Ordinal) + 1)..^1]) : 0);
}
