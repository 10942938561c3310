using System.Net;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport.Telemetry;

namespace CodexOrleans.EndToEnd;

/// <summary>The figures that a server exports, and what is asked of them.</summary>
public sealed class MeterSpecs(ObservedServer observed) : IClassFixture<ObservedServer>
{
    private const string Outcome = "codex.turn.outcome";

    private OtlpReceiver Received => observed.Receiver;

    [Fact(Timeout = 180_000)]
    public async Task Meters_count_what_they_say_and_the_dashboard_and_the_alerts_ask_for_nothing_else()
    {
        using var api = observed.Connect(TestContext.Current.CancellationToken);
        // Rehearsals are turns of nobody's.
        await Received.Until(received => received.Points.Any(point => point.Metric == "codex.turn.started"));
        Assert.Equal(0, Received.Value("codex.turn.started"));
        var events = Received.Value("codex.log.events");

        // Goes on once the stray has left the CLI's process group: before that it would end with it.
        var completed = await api.Turn(new { prompt = ": $(setsid sh -c 'exec >/dev/null; exec sleep 1000' &); started; message hello; completed 100" });
        var failed = await api.Turn(new { prompt = "started; failed no" });
        var exited = await api.Turn(new { prompt = "started; exit 7" });
        await CodexApi.Refused(await api.TryStream(new { prompt = "completed", thread_id = Guid.CreateVersion7() }), HttpStatusCode.NotFound, "thread_not_found");
        await using var hanging = await api.Stream(new { prompt = "started; hang" });
        await hanging.Until("turn.started");
        await Received.Until(received => received.Value("codex.turn.active") == 1
            && received.Value("codex.viewer.active") == 1
            && received.Value("codex.thread.followed") == 1
            && received.Value("codex.thread.fronts") == 1);
        Assert.Equal(0, Received.Value("codex.viewer.catching_up"));
        (await api.Interrupt(hanging.ThreadId)).Dispose();
        await hanging.ReadToEnd();

        await Received.Until(received => received.Value("codex.turn.duration") == 4 && received.Value("codex.turn.active") == 0 && received.Value("codex.viewer.active") == 0 && received.Value("codex.thread.fronts") == 0);
        await Received.Until(received => received.Value("codex.log.events") - events == completed.Tape.LastSeq + failed.Tape.LastSeq + exited.Tape.LastSeq + hanging.Tape.LastSeq);
        Assert.Equal(4, Received.Value("codex.turn.started"));
        Assert.Equal(4, Received.Value("codex.turn.ended"));
        Assert.Equal(1, Received.Value("codex.turn.ended", with => with[Outcome] == "completed"));
        Assert.Equal(1, Received.Value("codex.turn.ended", with => with[Outcome] == "failed" && with["error.type"] == "turn_failed"));
        Assert.Equal(1, Received.Value("codex.turn.ended", with => with[Outcome] == "failed" && with["error.type"] == "codex_exited"));
        Assert.Equal(1, Received.Value("codex.turn.ended", with => with[Outcome] == "interrupted"));
        Assert.Equal(1, Received.Value("codex.turn.refused", with => with["error.type"] == "thread_not_found"));
        Assert.Equal(4, Received.Value("codex.turn.time_to_first_event"));
        Assert.Equal(4, Received.Value("codex.turn.queue.duration"));
        Assert.Equal(100, Received.Value("codex.turn.tokens", with => with["gen_ai.token.type"] == "input"));
        Assert.Equal(45, Received.Value("codex.turn.tokens", with => with["gen_ai.token.type"] == "output"));
        await Received.Until(received => received.Value("codex.cli.strays") >= 1);
        Assert.Equal(0, Received.Value("codex.log.faults"));

        foreach (var query in MetricQueries.OfTheDashboard().Concat(MetricQueries.OfTheAlerts()))
            query.AssertIsAnsweredBy(Received.Points);
        var known = MetricQueries.DocumentedMeters();
        Assert.Equal(Received.Points.Where(point => point.Scope == "CodexOrleans").Select(point => $"{point.Metric} {point.Unit}").Distinct().Order(), known.Order());
    }

    [Fact]
    public void The_dashboard_is_what_Grafana_takes() => MetricQueries.AssertDashboardIsWellFormed();

    [Fact(Timeout = 180_000)]
    public async Task Nothing_of_a_prompt_an_answer_or_a_path_is_exported()
    {
        await using var other = new ObservedServerOfOne();
        await other.Start();
        var (prompt, answer) = ($"secret-prompt-{Guid.NewGuid():N}", $"secret-answer-{Guid.NewGuid():N}");
        var folder = Directory.CreateDirectory(Path.Combine(other.Server.Stage.Workspace, $"secret-folder-{Guid.NewGuid():N}"));
        using (var api = other.Server.Connect(TestContext.Current.CancellationToken))
        {
            await api.Turn(InFolder($": {prompt}; started; message {answer}; completed"));
            await api.Turn(InFolder($": {prompt}; started; echo {answer} >&2; exit 3"));
            (await api.Http.GetAsync($"/sign-in?ticket={answer}", TestContext.Current.CancellationToken)).Dispose();
        }

        object InFolder(string script) => new { prompt = script, working_directory = folder.FullName, skip_git_repo_check = true };

        // A server that ends sends what it has left.
        other.Server.Server.Terminate();
        await other.Server.Server.Exited();
        var received = other.Server.Receiver;
        Assert.Equal(2, received.Spans.Count(span => span.Name == "codex.turn"));
        Assert.Equal(2, received.Value("codex.turn.ended"));
        Assert.All((string[])[prompt, answer, folder.Name, other.Server.Stage.Workspace], secret => Assert.False(received.Holds(secret), secret));
    }

    /// <summary>A server for one test alone.</summary>
    private sealed class ObservedServerOfOne : IAsyncDisposable
    {
        public ObservedServer Server { get; } = new();

        public ValueTask Start() => ((IAsyncLifetime)Server).InitializeAsync();

        public ValueTask DisposeAsync() => ((IAsyncDisposable)Server).DisposeAsync();
    }
}
