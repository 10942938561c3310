using System.Net;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>PostgreSQL is away, and the nodes are well.</summary>
public sealed class DatabaseAwaySpecs : IAsyncLifetime
{
    private static readonly string[] _fronts = ["a", "b", "web"];

    private Nodes _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await Nodes.Start(fake: true, [("Storage:RetryFor", "00:00:01")]);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task Whatever_needs_the_log_is_refused_as_storage_unavailable_everywhere_and_goes_on_when_it_is_back()
    {
        var token = TestContext.Current.CancellationToken;
        await Task.WhenAll(_nodes.StartNode("a", gatewayPort: FreePorts.Next()), _nodes.StartNode("b"));
        await _nodes.StartNode("web", mode: "Client");
        var fronts = _fronts.ToDictionary(name => name, name => _nodes.Connect(name, token));
        // One that has left memory, one that is active because it is followed, at its owner and elsewhere, and one that runs.
        var left = (await fronts["a"].Turn(new { prompt = "started; completed" })).ThreadId;
        var active = (await fronts["a"].Turn(new { prompt = "started; completed" })).ThreadId;
        await using var here = await fronts["a"].Follow(active, new EventTape());
        await using var there = await fronts["b"].Follow(active, new EventTape());
        await here.Until("synced");
        await there.Until("synced");
        await using var running = await fronts["a"].Stream(new { prompt = "started; sleep 600" });
        await running.Until("turn.started");
        var said = _fronts.ToDictionary(name => name, name => _nodes[name].Output.Length);

        await _nodes.Postgres.Kill();

        foreach (var (name, api) in fronts)
        {
            object turn = new { prompt = "started; completed" };
            await Refused(api.TryStream(turn));
            await Refused(api.Run(turn));
            foreach (var thread in new[] { left, active, Guid.NewGuid() })
                await Refused(api.Run(new { prompt = "started; completed", thread_id = thread }));
            await Refused(api.Http.GetAsync($"/api/codex/threads/{left}", token));
            await Refused(api.Http.GetAsync($"/api/codex/threads/{left}/events", token));
            await Refused(api.Interrupt(left));
            await Refused(api.Interrupt(active));

            // A line for each that found no owner, and no stack trace.
            var lines = _nodes[name].Output[said[name]..].Split('\n');
            Assert.InRange(lines.Count(line => line.Contains("was refused with storage_unavailable", StringComparison.Ordinal)), 7, 9);
            Assert.DoesNotContain(lines, line => line.Contains("Failed to address message", StringComparison.Ordinal));
            Assert.DoesNotContain(lines, line => line.Contains("Request ", StringComparison.Ordinal) && line.Contains("   at ", StringComparison.Ordinal));
        }

        // Whoever runs a turn needs nobody else to end it.
        using (var interrupted = await fronts["a"].Interrupt(running.ThreadId))
            Assert.Equal(HttpStatusCode.Accepted, interrupted.StatusCode);

        await _nodes.Postgres.Restart();
        Assert.Contains("interrupted", (await running.UntilTurnEnds()).Text, StringComparison.Ordinal);
        foreach (var api in fronts.Values)
        {
            await Condition.Becomes(async () =>
            {
                using var ready = await api.Http.GetAsync("/health/ready", token);
                return ready.IsSuccessStatusCode;
            });
            Assert.Equal("turn.completed", (await api.Turn(new { prompt = "started; completed" })).End.Type);
            Assert.Equal(2, (await api.ReadAll(left)).Events.Count(frame => frame.Type is "turn.submitted" or "turn.completed"));
        }

        // Who followed has heard nothing meanwhile, and is still connected.
        var last = await fronts["b"].Turn(new { prompt = "started; completed", thread_id = active });
        foreach (var stream in new[] { here, there })
        {
            await stream.Until(frame => frame.Seq == last.Tape.LastSeq);
            (await fronts["a"].ReadAll(active)).AssertHolds(stream.Tape);
        }

        foreach (var api in fronts.Values)
            api.Dispose();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_turn_of_a_node_that_dies_while_the_database_is_away_ends_when_it_is_back()
    {
        await Task.WhenAll(_nodes.StartNode("a"), _nodes.StartNode("b"));
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        await using var running = await a.Stream(new { prompt = "started; sleep 600" });
        await running.Until("turn.started");
        await using var watcher = await b.Follow(running.ThreadId, new EventTape());
        await watcher.Until("synced");

        await _nodes.Postgres.Kill();
        await _nodes["a"].Kill();
        // It misses the other one now, and cannot tell the database so.
        await _nodes["b"].Said("Did not get response for probe");
        await _nodes.Postgres.Restart();

        Assert.Contains("host_lost", (await watcher.UntilTurnEnds()).Text, StringComparison.Ordinal);
    }

    [Theory(Timeout = 180_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_node_that_is_told_to_stop_ends_as_always_although_its_turn_cannot_end(bool frozen)
    {
        await _nodes.StartNode("a", own: [("Codex:DrainTimeout", "00:00:01")]);
        Guid thread;
        using (var api = _nodes.Connect("a", TestContext.Current.CancellationToken))
        {
            await using var running = await api.Stream(new { prompt = "started; sleep 600" });
            await running.Until("turn.started");
            thread = running.ThreadId;
        }

        await (frozen ? _nodes.Postgres.Freeze() : _nodes.Postgres.Kill());
        _nodes["a"].Terminate();
        await _nodes["a"].Exited();

        Assert.Equal(0, _nodes["a"].ExitCode);
        Assert.Contains("1 turns could not be ended", _nodes["a"].Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", _nodes["a"].Output, StringComparison.OrdinalIgnoreCase);

        if (frozen)
            _nodes.Postgres.Resume();
        else
            await _nodes.Postgres.Restart();
        await _nodes.StartNode("a");
        using var again = _nodes.Connect("a", TestContext.Current.CancellationToken);
        await using var following = await again.Follow(thread, new EventTape());
        // What PostgreSQL had received before it froze, it does when it goes on.
        Assert.Matches(frozen ? "host_draining|host_lost" : "host_lost", (await following.UntilTurnEnds()).Text);
    }

    private static async Task Refused(Task<HttpResponseMessage> asking)
    {
        var answer = await asking;
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero, "There is no Retry-After.");
        await CodexApi.Refused(answer, HttpStatusCode.ServiceUnavailable, "storage_unavailable");
    }
}
