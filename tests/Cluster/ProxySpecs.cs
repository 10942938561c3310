using System.Net;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>Three nodes behind the proxy that we deploy.</summary>
public sealed class ProxySpecs : IAsyncLifetime
{
    private const string WhoAmI = "started; message $CODEX_ORLEANS_HOST 1;";

    private static readonly string[] _names = ["a", "b", "c"];

    private Nodes _nodes = null!;
    private Proxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _nodes = await Nodes.Start(fake: true, [("Codex:DrainTimeout", "00:02:00")], _names);
        _proxy = await Proxy.Start(_nodes, _names[0], _names[1], _names[2]);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _nodes.DisposeAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task Each_event_comes_before_the_next_one_happens()
    {
        var seen = _nodes.Stage.NewFolder();
        using var api = _proxy.Connect(TestContext.Current.CancellationToken);
        // The CLI says the next word when the client says that it has heard the last one: whatever waits for more would wait forever.
        await using var stream = await api.Stream(new { prompt = $"started; for n in 1 2 3 4 5; do message word-$n $n; until [ -e {seen}/$n ]; do sleep 0.02; done; done; completed" });
        var follower = new EventTape();
        await using var following = await api.Follow(stream.ThreadId, follower);

        for (var n = 1; n <= 5; n++)
        {
            await stream.Until(frame => frame.Text.Contains($"word-{n}\"", StringComparison.Ordinal));
            await following.Until(frame => frame.Text.Contains($"word-{n}\"", StringComparison.Ordinal));
            await File.WriteAllTextAsync(Path.Combine(seen, $"{n}"), "", TestContext.Current.CancellationToken);
        }

        Assert.Equal("turn.completed", (await following.UntilTurnEnds()).Type);
    }

    [Fact(Timeout = 180_000)]
    public async Task When_a_node_is_killed_a_viewer_goes_on_at_another_where_it_was_and_no_new_turn_fails()
    {
        const string Endless = "n=2; while :; do message $n $n; n=$((n + 1)); sleep 0.02; done";
        using var api = _proxy.Connect(TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        await using var stream = await api.Stream(new { prompt = $"{WhoAmI} {Endless}" }, tape);
        var owner = await NodeOf(stream);
        await stream.Until(frame => frame.Seq >= 20);

        await _nodes[owner].Kill();

        // The proxy does not know yet, and gives each node its share.
        var turns = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => api.Turn(new { prompt = "started; completed" })));
        Assert.All(turns, turn => Assert.Equal("turn.completed", turn.End.Type));

        await stream.ReadUntilLost();
        await using var again = await api.Follow(stream.ThreadId, tape);
        Assert.Contains("host_lost", (await again.UntilTurnEnds()).Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_node_that_drains_gets_nothing_new_and_its_streams_come_to_their_end()
    {
        var gate = Path.Combine(_nodes.Stage.NewFolder(), "open");
        using var api = _proxy.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = $"{WhoAmI} until [ -e {gate} ]; do sleep 0.05; done; completed" });
        var leaving = await NodeOf(stream);

        _nodes[leaving].Terminate();
        await _nodes[leaving].Said("Waiting up to");
        // Until the proxy has asked it twice, the node may still be chosen, and says that it takes nothing.
        for (var inARow = 0; inARow < 6;)
        {
            using var answer = await api.Run(new { prompt = "started; message hello; completed" });
            if (answer.IsSuccessStatusCode)
                inARow++;
            else
                (inARow, _) = (0, await CodexApi.Refused(answer, HttpStatusCode.ServiceUnavailable, "host_draining"));
        }

        await File.WriteAllTextAsync(gate, "", TestContext.Current.CancellationToken);
        Assert.Equal("turn.completed", (await stream.UntilTurnEnds()).Type);
    }

    [Fact(Timeout = 180_000)]
    public async Task When_PostgreSQL_is_away_clients_hear_it_from_a_node_and_can_still_interrupt_a_turn()
    {
        using var api = _proxy.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = $"{WhoAmI} sleep 600" });
        await stream.Until("item.completed/agent_message");

        await _nodes.Postgres.Kill();
        await _proxy.MissesAllNodes();

        foreach (var refusing in new[] { api.TryStream(new { prompt = "started; completed" }), api.Run(new { prompt = "started; completed" }) })
        {
            var refused = await refusing;
            Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero, "There is no Retry-After.");
            await CodexApi.Refused(refused, HttpStatusCode.ServiceUnavailable, "storage_unavailable");
        }

        var health = await api.Http.GetAsync("/health", TestContext.Current.CancellationToken);
        Assert.Contains("\"store\":\"unavailable\"", await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        // By the node that runs it: the others cannot ask who that is.
        await Condition.Becomes(async () =>
        {
            using var answer = await api.Interrupt(stream.ThreadId);
            return answer.StatusCode == HttpStatusCode.Accepted;
        });

        await _nodes.Postgres.Restart();
        Assert.Contains("interrupted", (await stream.UntilTurnEnds()).Text, StringComparison.Ordinal);
    }

    private async Task<string> NodeOf(SseConnection stream)
    {
        var said = await stream.Until("item.completed/agent_message");
        return _names.Single(name => said.Text.Contains(File.ReadAllText(Path.Combine(_nodes[name].DataDirectory, "installation")).Trim(), StringComparison.Ordinal));
    }
}
