using System.Text.Json;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;
using CodexOrleans.TestSupport.Telemetry;

namespace CodexOrleans.Cluster;

/// <summary>What can be seen of several nodes from outside.</summary>
public sealed class TelemetrySpecs
{
    [Fact(Timeout = 180_000)]
    public async Task A_turn_at_another_node_than_its_request_is_one_trace_over_both()
    {
        await using var receiver = await OtlpReceiver.Start();
        await using var nodes = await Nodes.Start([.. receiver.Environment.Select(setting => (setting.Key, setting.Value))], "a", "b");
        using var a = nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = nodes.Connect("b", TestContext.Current.CancellationToken);
        var secret = $"secret-{Guid.NewGuid():N}";

        var tape = new EventTape(after: null);
        var first = await a.Turn(new { prompt = $"started; message {secret}; completed" }, tape);
        var second = await b.Turn(new { prompt = $"started; message {secret}; completed", thread_id = first.ThreadId }, tape);
        await receiver.Until(received => Trace(received, second.TurnId) is var spans
            && spans.Any(span => span.Name == "codex.cli") && spans.Any(span => span.Name == "codex.turn") && spans.Any(span => span.Scope == "Microsoft.AspNetCore"));

        var owner = Assert.Single(Trace(receiver, first.TurnId), span => span.Scope == "Microsoft.AspNetCore").Instance;
        var trace = Trace(receiver, second.TurnId);
        var request = Assert.Single(trace, span => span.Scope == "Microsoft.AspNetCore");
        Assert.NotEqual(owner, request.Instance);
        var call = Assert.Single(trace, span => span.ParentId == request.Id && span.Name == "IThreadGrain/StartTurn");
        var grain = Assert.Single(trace, span => span.ParentId == call.Id && span.Name == "IThreadGrain/StartTurn");
        var start = Assert.Single(trace, span => span.ParentId == grain.Id && span.Name == "codex.turn.start");
        var turn = Assert.Single(trace, span => span.ParentId == start.Id && span.Name == "codex.turn");
        var cli = Assert.Single(trace, span => span.ParentId == turn.Id && span.Name == "codex.cli");
        var commits = trace.Where(span => span.ParentId == turn.Id && span.Name == "codex.log.commit").ToList();
        Assert.Equal(request.Instance, call.Instance);
        Assert.All([grain, start, turn, cli, .. commits], span => Assert.Equal(owner, span.Instance));
        Assert.NotEmpty(commits);
        // Each transaction's statements are below it.
        Assert.All(commits, commit => Assert.Contains(trace, span => span.ParentId == commit.Id && span.Scope == "Npgsql"));
        // Live events cross the nodes without a span each.
        Assert.DoesNotContain(receiver.Spans, span => span.Name.StartsWith("IQueueGrain/", StringComparison.Ordinal));
        Assert.All(receiver.Spans.Where(span => span.ParentId.Length == 0), root => Assert.Equal("Microsoft.AspNetCore", root.Scope));

        await receiver.Until(received => received.Value("codex.turn.ended") == 2);
        nodes["a"].Terminate();
        nodes["b"].Terminate();
        await Task.WhenAll(nodes["a"].Exited(), nodes["b"].Exited());
        Assert.False(receiver.Holds(secret));
    }

    [Fact(Timeout = 180_000)]
    public async Task Every_front_end_shows_the_dashboard_of_all_silos()
    {
        await using var nodes = await Nodes.Start([("Dashboard:Enabled", "true")], "b");
        await nodes.StartNode("a", gatewayPort: FreePorts.Next());
        await nodes.StartNode("front", mode: "Client");

        foreach (var name in (string[])["a", "b", "front"])
        {
            using var api = nodes.Connect(name, TestContext.Current.CancellationToken);
            await Condition.Becomes(async () => await ActiveSilos(api) == 2);
        }
    }

    private static async Task<int> ActiveSilos(CodexApi api)
    {
        using var response = await api.Http.GetAsync("/admin/dashboard/DashboardCounters", TestContext.Current.CancellationToken);
        if (!response.IsSuccessStatusCode)
            return 0;
        var counters = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return counters.GetProperty("hosts").EnumerateArray().Count(silo => silo.GetProperty("status").GetString() == "Active");
    }

    private static List<OtlpSpan> Trace(OtlpReceiver received, Guid turn)
    {
        var trace = received.Spans.FirstOrDefault(span => span.Attributes.GetValueOrDefault("codex.turn.id") == turn.ToString())?.TraceId;
        return [.. received.Spans.Where(span => span.TraceId == trace)];
    }
}
