using CodexOrleans.Load.Turns;

namespace CodexOrleans.Bench.Tests;

public sealed class LoadGeneratorSpecs
{
    private const string Completed = """{"type":"turn.completed","usage":{}}""";

    private static readonly Scenario _threeTurns = new() { Name = "test", Clients = 1, TurnsPerClient = 3, Events = 2, Patience = TimeSpan.FromSeconds(30) };

    [Fact]
    public void A_client_keeps_its_connection_for_the_next_turn()
    {
        using var server = new CannedServer([Item(0), Item(1), Completed]);

        var result = Play(server);

        Assert.Equal((3, 6, true), (result.Turns, result.Events, result.Faultless));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public void A_client_connects_again_when_the_server_closes_between_two_turns()
    {
        using var server = new CannedServer([Item(0), Item(1), Completed], closes: true);

        var result = Play(server);

        Assert.Equal((3, true), (result.Turns, result.Faultless));
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public void Lost_events_are_noticed()
    {
        using var server = new CannedServer([Item(1), Completed]);

        Assert.Equal(3, Play(server).LostEvents);
    }

    [Fact]
    public void A_turn_without_its_end_has_failed()
    {
        using var server = new CannedServer([Item(0), Item(1)]);

        var result = Play(server);

        Assert.Equal(3, result.FailedTurns);
        Assert.Contains("without turn.completed", Assert.Single(result.Failures));
    }

    private static LoadResult Play(CannedServer server)
    {
        var result = new LoadResult();
        using var generator = new LoadGenerator(server.Endpoint, _threeTurns.Plans(server.Endpoint, token: null, result));
        generator.Run(_threeTurns.Duration, _threeTurns.Patience, TestContext.Current.CancellationToken);
        return result;
    }

    private static string Item(int number) =>
        $$$"""{"type":"item.completed","item":{"id":"item_{{{number}}}","type":"agent_message","text":"{{{number}}} 1 xx"}}""";
}
