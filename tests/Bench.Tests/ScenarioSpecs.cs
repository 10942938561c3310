using System.Text;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Bench.Tests;

public sealed class ScenarioSpecs
{
    [Fact]
    public void Clients_of_several_servers_play_together()
    {
        using var one = new CannedServer([Item(0), Completed]);
        using var other = new CannedServer([Item(0), Completed]);
        var scenario = new Scenario { Name = "test", Clients = 2, TurnsPerClient = 3, Patience = TimeSpan.FromSeconds(30) };
        var result = new LoadResult();
        var plans = scenario.Plans(one.Endpoint, token: null, result).Concat(scenario.Plans(other.Endpoint, token: null, result));
        using var generator = new LoadGenerator(one.Endpoint, plans);

        generator.Run(startUntil: null, scenario.Patience, TestContext.Current.CancellationToken);

        Assert.Equal((12, true), (result.Turns, result.Faultless));
        Assert.True(other.Connections > 0);
    }

    [Theory]
    [InlineData(0, "bench events=5 bytes=300 every_us=7")]
    [InlineData(9, "bench events=5 bytes=300 every_us=7 record_bytes=9")]
    public void The_prompt_orders_what_the_fake_CLI_does(int recordBytes, string prompt)
    {
        var scenario = new Scenario { Name = "test", Clients = 1, Events = 5, EveryMicroseconds = 7, RecordBytes = recordBytes };
        using var server = new CannedServer([]);

        var request = Encoding.UTF8.GetString(Assert.Single(scenario.Plans(server.Endpoint, token: null, new LoadResult())).Request);

        Assert.EndsWith($$"""{"prompt":"{{prompt}}"}""", request, StringComparison.Ordinal);
    }

    private const string Completed = """{"type":"turn.completed","usage":{}}""";

    private static string Item(int number) =>
        $$$"""{"type":"item.completed","item":{"id":"item_{{{number}}}","type":"agent_message","text":"{{{number}}} 1 xx"}}""";
}
