using System.Net;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport.Telemetry;

namespace CodexOrleans.EndToEnd;

/// <summary>What a collector gets to see of a server.</summary>
public sealed class TelemetrySpecs(ObservedServer observed) : IClassFixture<ObservedServer>
{
    private OtlpReceiver Received => observed.Receiver;

    [Fact(Timeout = 120_000)]
    public async Task A_turn_is_one_trace_from_the_request_over_the_grain_and_the_cli_to_the_commits()
    {
        using var api = observed.Connect(TestContext.Current.CancellationToken);
        var done = await api.Turn(new { prompt = "started; message hello; completed 100", model = "some-model", sandbox = "read-only" });
        var id = done.TurnId.ToString();
        await Received.Until(received => Trace(received, id) is var spans
            && spans.Any(span => span.Name == "codex.cli") && spans.Any(span => span.Name == "codex.turn") && spans.Any(span => span.Scope == "Microsoft.AspNetCore"));

        var trace = Trace(Received, id);
        var request = Assert.Single(trace, span => span.Scope == "Microsoft.AspNetCore");
        Assert.Equal(("", "POST /api/codex/stream"), (request.ParentId, request.Name));
        var call = Assert.Single(trace, span => span.ParentId == request.Id);
        Assert.Equal(("Microsoft.Orleans.Application", "IThreadGrain/StartTurn"), (call.Scope, call.Name));
        var grain = Assert.Single(trace, span => span.ParentId == call.Id && span.Name == "IThreadGrain/StartTurn");
        var start = Assert.Single(trace, span => span.ParentId == grain.Id && span.Name == "codex.turn.start");
        var turn = Assert.Single(trace, span => span.ParentId == start.Id && span.Name == "codex.turn");
        var cli = Assert.Single(trace, span => span.ParentId == turn.Id && span.Name == "codex.cli");
        var commits = trace.Where(span => span.Name == "codex.log.commit").ToList();

        Assert.All(commits, commit => Assert.Equal(turn.Id, commit.ParentId));
        Assert.Equal(done.Tape.LastSeq, commits.Sum(commit => long.Parse(commit.Attributes["codex.log.events"])));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["codex.thread.id"] = done.ThreadId.ToString(),
                ["codex.turn.id"] = id,
                ["codex.engine"] = "exec",
                ["codex.sandbox"] = "read-only",
                ["gen_ai.request.model"] = "some-model",
                ["codex.turn.outcome"] = "completed",
                ["gen_ai.usage.input_tokens"] = "100",
                ["codex.usage.cached_input_tokens"] = "23",
                ["gen_ai.usage.output_tokens"] = "45",
            }.OrderBy(pair => pair.Key),
            turn.Attributes.OrderBy(pair => pair.Key));
        Assert.Equal("0", cli.Attributes["process.exit.code"]);
        Assert.DoesNotContain(trace, span => span.Failed);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_outlives_the_request_that_started_it_in_the_same_trace()
    {
        using var api = observed.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = "started; hang" });
        await stream.Until("turn.started");
        await stream.DisposeAsync();
        var id = stream.TurnId.ToString();
        await Received.Until(received => Trace(received, id).Any(span => span.Scope == "Microsoft.AspNetCore"));
        Assert.DoesNotContain(Trace(Received, id), span => span.Name == "codex.turn");

        (await api.Interrupt(stream.ThreadId)).Dispose();
        await Received.Until(received => Trace(received, id).Any(span => span.Name == "codex.turn"));

        Assert.Equal("interrupted", Trace(Received, id).Single(span => span.Name == "codex.turn").Attributes["codex.turn.outcome"]);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_refused_turn_says_why_in_its_trace()
    {
        using var api = observed.Connect(TestContext.Current.CancellationToken);
        var thread = Guid.CreateVersion7();
        await CodexApi.Refused(await api.TryStream(new { prompt = "completed", thread_id = thread }), HttpStatusCode.NotFound, "thread_not_found");

        await Received.Until(received => received.Spans.Any(span => span.Name == "codex.turn.start" && span.Attributes["codex.thread.id"] == thread.ToString()));

        var start = Received.Spans.Single(span => span.Name == "codex.turn.start" && span.Attributes["codex.thread.id"] == thread.ToString());
        Assert.Equal(("thread_not_found", true), (start.Attributes["error.type"], start.Failed));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_log_record_of_a_turn_names_its_trace()
    {
        using var api = observed.Connect(TestContext.Current.CancellationToken);
        // In one write: once the turn has ended, the CLI is not given the time for another.
        var done = await api.Turn(new { prompt = "started; both=$(completed; message late); echo \"$both\"" });

        await Received.Until(received => received.Logs.Any(log => log.Attributes.GetValueOrDefault("TurnId") == done.TurnId.ToString())
            && received.Spans.Any(span => span.Attributes.GetValueOrDefault("codex.turn.id") == done.TurnId.ToString() && span.Name == "codex.turn"));

        var log = Received.Logs.First(log => log.Attributes.GetValueOrDefault("TurnId") == done.TurnId.ToString());
        Assert.Equal("Warning", log.Severity);
        Assert.Equal(Trace(Received, done.TurnId.ToString())[0].TraceId, log.TraceId);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_the_server_does_on_its_own_behalf_is_not_traced()
    {
        using var api = observed.Connect(TestContext.Current.CancellationToken);
        await api.Turn(new { prompt = "started; completed" });
        (await api.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken)).Dispose();
        (await api.Http.GetAsync("/reference", TestContext.Current.CancellationToken)).Dispose();
        await Received.Until(received => received.Spans.Any(span => span.Name.StartsWith("GET /reference", StringComparison.Ordinal)));

        Assert.All(Received.Spans.Where(span => span.ParentId.Length == 0), root => Assert.Equal("Microsoft.AspNetCore", root.Scope));
        Assert.DoesNotContain(Received.Spans, span => span.Name.Contains("/health", StringComparison.Ordinal) || span.Attributes.Values.Contains("/health/ready"));
        // The rehearsals of the start have ids of their own.
        Assert.DoesNotContain(Received.Spans, span => span.Attributes.GetValueOrDefault("codex.thread.id", "").StartsWith("c0de", StringComparison.Ordinal));
    }

    private static List<OtlpSpan> Trace(OtlpReceiver received, string turnId)
    {
        var trace = received.Spans.FirstOrDefault(span => span.Attributes.GetValueOrDefault("codex.turn.id") == turnId)?.TraceId;
        return [.. received.Spans.Where(span => span.TraceId == trace)];
    }
}
