using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>What users and clients may do with turns.</summary>
public sealed class TurnSpecs(RunningServer running) : IClassFixture<RunningServer>
{
    [Fact(Timeout = 120_000)]
    public async Task A_second_prompt_while_a_turn_runs_is_refused()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = "SCENARIO:gate NAME:second-prompt" });
        await stream.Until("turn.started");

        await CodexApi.Refused(await api.TryStream(new { prompt = "SCENARIO:plain", thread_id = stream.ThreadId }), HttpStatusCode.Conflict, "turn_in_progress");
        await CodexApi.Refused(await api.Run(new { prompt = "SCENARIO:plain", thread_id = stream.ThreadId }), HttpStatusCode.Conflict, "turn_in_progress");

        running.Stage.Model.Gates.Open("second-prompt");
        Assert.Equal("turn.completed", (await stream.UntilTurnEnds()).Type);
        await api.Turn(new { prompt = "SCENARIO:plain", thread_id = stream.ThreadId }, stream.Tape);
    }

    [Fact(Timeout = 120_000)]
    public async Task Another_client_can_interrupt_a_turn()
    {
        var mark = Mark.New();
        using var api = running.Connect(TestContext.Current.CancellationToken);
        using var other = running.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = $"SCENARIO:shell CMD:sleep {mark}" });
        await stream.Until("item.started/command_execution");

        using var accepted = await other.Interrupt(stream.ThreadId);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var body = await accepted.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        Assert.Equal(stream.TurnId, body.GetProperty("turn_id").GetGuid());

        await stream.ReadToEnd();
        AssertFailed(stream.Tape.Events[^1], "interrupted");
        Assert.Contains("item.completed/command_execution", stream.Tape.Kinds);
        await LiveProcesses.Gone(stream.TurnId, mark);

        var echo = await api.Turn(new { prompt = "SCENARIO:echo", thread_id = stream.ThreadId }, stream.Tape);
        Assert.Contains(mark, echo.Answer, StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_interrupt_ends_grandchildren_that_ran_without_a_sandbox()
    {
        var mark = Mark.New();
        var script = $"SCENARIO:shell CMD:setsid sleep {mark} & (setsid sleep {mark} &) ; sleep {mark} & sleep {mark}";
        using var api = running.Connect(TestContext.Current.CancellationToken);
        await using var stream = await api.Stream(new { prompt = script, sandbox = "danger-full-access" });
        await stream.Until("item.started/command_execution");
        await LiveProcesses.Appeared(mark);

        (await api.Interrupt(stream.ThreadId)).Dispose();
        await stream.ReadToEnd();

        AssertFailed(stream.Tape.Events[^1], "interrupted");
        await LiveProcesses.Gone(stream.TurnId, mark);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("workspace-write", true)]
    [InlineData("read-only", false)]
    public async Task An_agent_may_commit_in_its_threads_own_folder_if_it_may_write_there(string sandbox, bool commits)
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);

        var turn = await api.Turn(new
        {
            prompt = "SCENARIO:shell CMD:echo one > file; git add file && "
                + "git -c user.name=a -c user.email=a@b commit --message=first && git log --oneline",
            sandbox,
        });

        // The answer holds what the command printed.
        Assert.Equal(commits, turn.Answer.Contains("first", StringComparison.Ordinal));
        Assert.Equal(!commits, turn.Answer.Contains("Read-only file system", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_disconnect_does_not_cancel()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        Guid thread;
        await using (var stream = await api.Stream(new { prompt = "SCENARIO:gate NAME:disconnect" }))
        {
            thread = stream.ThreadId;
            await stream.Until("turn.started");
        }

        await running.Stage.Model.Gates.Reached("disconnect");
        running.Stage.Model.Gates.Open("disconnect");
        await using var following = await api.Follow(thread, new EventTape());
        Assert.Equal("turn.completed", (await following.UntilTurnEnds()).Type);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_further_turn_continues_the_conversation_and_keeps_the_options()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var tape = new EventTape();
        var first = await api.Turn(new { prompt = "SCENARIO:plain the first words", model = "gpt-5.6-luna", model_reasoning_effort = "high", sandbox = "read-only" }, tape);

        var echo = await api.Turn(new { prompt = "SCENARIO:echo", thread_id = first.ThreadId }, tape);

        var request = JsonDocument.Parse(echo.Answer).RootElement;
        Assert.Equal("gpt-5.6-luna", request.GetProperty("model").GetString());
        Assert.Equal("high", request.GetProperty("effort").GetString());
        Assert.Equal(["SCENARIO:plain the first words", "SCENARIO:echo"], request.GetProperty("prompts").EnumerateArray().Select(prompt => prompt.GetString()));
        var options = tape.Events.Last(frame => frame.Type == "turn.submitted").Json.GetProperty("options");
        Assert.Equal("gpt-5.6-luna", options.GetProperty("model").GetString());
        Assert.Equal("read-only", options.GetProperty("sandbox").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task Each_turn_has_its_own_usage_although_the_CLI_adds_up()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var first = await Run(new { prompt = "SCENARIO:plain" });
        var second = await Run(new { prompt = "SCENARIO:plain", thread_id = first.GetProperty("thread_id").GetGuid() });

        Assert.Equal(2 * Said(first), Said(second));
        Assert.Equal(Own(first), Own(second));
        Assert.Equal(Said(first), Own(first));

        async Task<JsonElement> Run(object body)
        {
            using var response = await api.Run(body);
            return await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        }

        static long Own(JsonElement body) => body.GetProperty("usage").GetProperty("input_tokens").GetInt64();

        static long Said(JsonElement body) => body.GetProperty("events").EnumerateArray()
            .Single(line => line.GetProperty("type").GetString() == "turn.completed").GetProperty("usage").GetProperty("input_tokens").GetInt64();
    }

    [Fact(Timeout = 120_000)]
    public async Task An_unknown_thread_is_not_found()
    {
        using var api = running.Connect(TestContext.Current.CancellationToken);
        var unknown = Guid.CreateVersion7();
        await CodexApi.Refused(await api.TryStream(new { prompt = "SCENARIO:plain", thread_id = unknown }), HttpStatusCode.NotFound, "thread_not_found");
        await CodexApi.Refused(await api.Run(new { prompt = "SCENARIO:plain", thread_id = unknown }), HttpStatusCode.NotFound, "thread_not_found");
        await CodexApi.Refused(await api.Http.GetAsync($"/api/codex/threads/{unknown}", TestContext.Current.CancellationToken), HttpStatusCode.NotFound, "thread_not_found");
        await CodexApi.Refused(await api.Http.GetAsync($"/api/codex/threads/{unknown}/events", TestContext.Current.CancellationToken), HttpStatusCode.NotFound, "thread_not_found");
        await CodexApi.Refused(await api.Interrupt(unknown), HttpStatusCode.NotFound, "thread_not_found");
    }

    private static void AssertFailed(SseFrame end, string code)
    {
        Assert.Equal("turn.failed", end.Type);
        Assert.Equal(code, end.Json.GetProperty("error").GetProperty("code").GetString());
    }
}
