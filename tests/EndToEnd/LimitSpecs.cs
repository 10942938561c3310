using System.Net;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>A server at its limits, and on its way out.</summary>
public sealed class LimitSpecs
{
    [Fact(Timeout = 120_000)]
    public async Task A_full_server_lets_turns_wait_and_refuses_those_beyond_its_queue()
    {
        await using var stage = await Stage.Open();
        stage.Settings["Codex:MaxConcurrentTurns"] = "1";
        stage.Settings["Codex:MaxQueueLength"] = "1";
        stage.Settings["Codex:MaxQueueWait"] = "00:10:00";
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        await using var running = await api.Stream(new { prompt = "SCENARIO:gate" });
        await running.Until("turn.started");

        // One place in the queue: whichever comes second is refused at once, and the other waits.
        var tries = new List<Task<HttpResponseMessage>> { api.Run(new { prompt = "SCENARIO:plain" }), api.Run(new { prompt = "SCENARIO:plain" }) };
        var refused = await Task.WhenAny(tries);
        tries.Remove(refused);
        Assert.True((await refused).Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await CodexApi.Refused(await refused, HttpStatusCode.ServiceUnavailable, "server_busy");
        Assert.False(tries[0].IsCompleted);

        stage.Model.Gates.Open("gate");
        await running.ReadToEnd();
        using var waited = await tries[0];
        Assert.Equal(HttpStatusCode.OK, waited.StatusCode);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_that_waits_too_long_for_its_place_is_refused()
    {
        await using var stage = await Stage.Open();
        stage.Settings["Codex:MaxConcurrentTurns"] = "1";
        stage.Settings["Codex:MaxQueueWait"] = "00:00:00.3";
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        await using var running = await api.Stream(new { prompt = "SCENARIO:gate" });
        await running.Until("turn.started");

        var refused = await api.TryStream(new { prompt = "SCENARIO:plain" });
        Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        await CodexApi.Refused(refused, HttpStatusCode.ServiceUnavailable, "server_busy");

        stage.Model.Gates.Open("gate");
        await running.ReadToEnd();
    }

    [Fact(Timeout = 120_000)]
    public async Task Shutdown_lets_a_running_turn_finish_and_takes_no_new_one()
    {
        await using var stage = await Stage.Open();
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = "SCENARIO:gate" });
        await stream.Until("turn.started");
        await using var follower = await api.Follow(stream.ThreadId, new EventTape());

        server.Terminate();
        await server.Said("Waiting up to");
        await CodexApi.Refused(await api.TryStream(new { prompt = "SCENARIO:plain" }), HttpStatusCode.ServiceUnavailable, "host_draining");
        stage.Model.Gates.Open("gate");

        await stream.ReadToEnd();
        Assert.Equal("turn.completed", stream.Tape.Events[^1].Type);
        await follower.ReadToEnd();
        Assert.Equal("turn.completed", follower.Tape.Events[^1].Type);
        await server.Exited();
        Assert.Equal(0, server.ExitCode);
    }

    [Fact(Timeout = 120_000)]
    public async Task Shutdown_ends_turns_that_do_not_finish_in_time()
    {
        var mark = Mark.New();
        await using var stage = await Stage.Open();
        stage.Settings["Codex:DrainTimeout"] = "00:00:00.5";
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = $"SCENARIO:shell CMD:sleep {mark}", sandbox = "danger-full-access" });
        await stream.Until("item.started/command_execution");
        await using var follower = await api.Follow(stream.ThreadId, new EventTape());

        server.Terminate();
        await Task.WhenAll(stream.ReadToEnd(), follower.ReadToEnd());
        await server.Exited();

        Assert.Equal(0, server.ExitCode);
        Assert.All([stream.Tape, follower.Tape], tape => Assert.Equal("host_draining", tape.Events[^1].Json.GetProperty("error").GetProperty("code").GetString()));
        await LiveProcesses.Gone(stream.TurnId, mark);

        await using var next = await stage.StartServer();
        using var again = new CodexApi(next.CreateClient(), TestContext.Current.CancellationToken);
        var log = await again.ReadAll(stream.ThreadId);
        Assert.Equal(stream.Tape.Events.Select(frame => frame.Text), log.Events.Select(frame => frame.Text));
    }
}
