using System.Text.Json;
using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Tests.Support;

namespace CodexOrleans.WebFront.Tests.Turns;

public sealed class RunSpecs
{
    private const string Message = """{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"first"}}""";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_completed_turn_answers_200_with_its_events_untouched()
    {
        // A repeated key, odd spacing and escapes: none of them survives a parser and a writer.
        string[] lines =
        [
            """{"type":"thread.started","thread_id":"t"}""",
            """{"type":"item.completed","item":{"id":"item_0","type":"web_search","id":"ws_1","query":"x"}}""",
            Message,
            """{ "type":"item.completed", "item":{"id":"item_1","text":"\u00fcber \"x\" \ud83d\ude00\n<b>","type":"agent_message"} }""",
            """{"type":"item.completed","item":{"id":"item_2","type":"error","message":"says \"agent_message\""}}""",
            """{"type":"item.updated","item":{"id":"item_3","type":"agent_message","text":"never completed"}}""",
        ];
        await using var host = await RelayHost.Start();
        host.Script = thread => thread.OnStarted = started =>
        {
            host.Log.Put(Turn(started, new TokenUsage { InputTokens = 7, CachedInputTokens = 6, CacheWriteInputTokens = 5, OutputTokens = 4, ReasoningOutputTokens = 3 }));
            started.Commit(lines[..3]);
            started.Commit(lines[3..]);
            started.End("""{"type":"turn.completed","usage":{"input_tokens":100}}""");
        };
        using var response = await host.Post("/api/codex/run", """{"prompt":"hello"}""");
        var threadId = response.Headers.GetValues("Codex-Thread-Id").Single();
        var turnId = response.Headers.GetValues("Codex-Turn-Id").Single();
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("application/json; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(
            $$"""
            {"thread_id":"{{threadId}}","turn_id":"{{turnId}}","status":"completed","code":null,"final_response":"\u00fcber \"x\" \ud83d\ude00\n<b>",
            "usage":{"input_tokens":7,"cached_input_tokens":6,"cache_write_input_tokens":5,"output_tokens":4,"reasoning_output_tokens":3},"error":null,"events":[
            """.ReplaceLineEndings("")
            + string.Join(",", lines)
            + """,{"type":"turn.completed","usage":{"input_tokens":100}}]}""",
            await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("""{"message":"quota exceeded"}""", 502, "failed", "turn_failed", "turn_failed")]
    [InlineData("""{"message":"unexpected status 401 Unauthorized: Incorrect API key"}""", 503, "failed", "codex_not_logged_in", "turn_failed")]
    [InlineData("""{"message":"Missing environment variable: `KEY`."}""", 503, "failed", "codex_not_logged_in", "turn_failed")]
    [InlineData("""{"message":"took too long","code":"turn_timeout"}""", 504, "failed", "turn_timeout", "turn_timeout")]
    [InlineData("""{"message":"stopped","code":"interrupted"}""", 502, "interrupted", "interrupted", "interrupted")]
    [InlineData("""{"message":"owner died","code":"host_lost"}""", 502, "failed", "turn_failed", "host_lost")]
    [InlineData("""{"message":"said 401 Unauthorized","code":"host_lost"}""", 502, "failed", "turn_failed", "host_lost")]
    [InlineData("""{"message":"exit 1: 401 Unauthorized","code":"codex_exited"}""", 503, "failed", "codex_not_logged_in", "codex_exited")]
    public async Task A_failed_turn_answers_an_error_status_with_the_same_body_and_a_code(string error, int status, string turnStatus, string code, string errorCode)
    {
        await using var host = await RelayHost.Start();
        host.Script = thread => thread.OnStarted = started =>
        {
            started.Commit(Message);
            started.End($$"""{"type":"turn.failed","error":{{error}}}""");
        };
        using var response = await host.Post("/api/codex/run", """{"prompt":"hello"}""");
        Assert.Equal(status, (int)response.StatusCode);
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement;
        Assert.Equal(turnStatus, body.GetProperty("status").GetString());
        Assert.Equal(code, body.GetProperty("code").GetString());
        Assert.Equal(errorCode, body.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(JsonDocument.Parse(error).RootElement.GetProperty("message").GetString(), body.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal("first", body.GetProperty("final_response").GetString());
        Assert.Equal(2, body.GetProperty("events").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, body.GetProperty("usage").ValueKind);
    }

    [Fact]
    public async Task Many_small_events_and_a_large_one_arrive_whole_although_the_queue_is_small()
    {
        await using var host = await RelayHost.Start(options => options.ViewerBytes = 10_000);
        host.Script = thread => thread.OnStarted = started =>
        {
            for (var i = 0; i < 2_000; i++)
                started.Commit([.. Enumerable.Range(0, 10).Select(n => $$"""{"n":{{i * 10 + n}}}""")]);
            started.Commit($$$"""{"type":"item.completed","item":{"type":"agent_message","text":"{{{new string('x', 3_000_000)}}}"}}""");
            started.End();
        };
        using var response = await host.Post("/api/codex/run", """{"prompt":"hello"}""");
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement;
        var events = body.GetProperty("events").EnumerateArray().ToList();
        Assert.Equal(20_002, events.Count);
        Assert.Equal(Enumerable.Range(0, 20_000), events[..20_000].Select(e => e.GetProperty("n").GetInt32()));
        Assert.Equal(3_000_000, body.GetProperty("final_response").GetString()!.Length);
    }

    [Fact]
    public async Task A_result_beyond_the_bound_is_refused_at_once_and_refers_to_the_log()
    {
        await using var host = await RelayHost.Start(options => options.RunResultBytes = 1_000);
        host.Script = thread => thread.OnStarted = started =>
        {
            for (var i = 0; i < 100; i++)
                started.Commit("""{"type":"item.updated"}""");
        };
        using var response = await host.Post("/api/codex/run", """{"prompt":"hello"}""");
        var threadId = response.Headers.GetValues("Codex-Thread-Id").Single();
        var body = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.Equal(500, (int)response.StatusCode);
        Assert.Contains("\"result_too_large\"", body);
        Assert.Contains($"/api/codex/threads/{threadId}/events", body);
        Assert.DoesNotContain("interrupt", host.Thread(Guid.Parse(threadId)).Calls);
    }

    [Fact]
    public async Task A_caller_who_leaves_ends_the_waiting_and_not_the_turn()
    {
        await using var host = await RelayHost.Start();
        var started = new TaskCompletionSource<ScriptedThread>();
        host.Script = thread => thread.OnStarted = started.SetResult;
        using var leaving = new CancellationTokenSource();
        using var prompt = new StringContent("""{"prompt":"hello"}""", null, "application/json");
        var running = host.Client.PostAsync("/api/codex/run", prompt, leaving.Token);
        var thread = await started.Task.WaitAsync(Cancelled);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Condition.Becomes(() => host.Feed.FollowedThreads == 0);
        Assert.Equal(["start", "detach"], thread.Calls);
    }

    [Fact]
    public async Task Shutdown_answers_who_waits()
    {
        await using var host = await RelayHost.Start();
        var started = new TaskCompletionSource();
        host.Script = thread => thread.OnStarted = _ => started.SetResult();
        var running = host.Post("/api/codex/run", """{"prompt":"hello"}""");
        await started.Task.WaitAsync(Cancelled);
        var stopping = host.Stop();
        using var response = await running;
        Assert.Equal(503, (int)response.StatusCode);
        Assert.Contains("\"host_draining\"", await response.Content.ReadAsStringAsync(Cancelled));
        await stopping;
    }

    private static TurnRecord Turn(ScriptedThread thread, TokenUsage usage) => new()
    {
        Id = thread.TurnId,
        ThreadId = thread.Id,
        Status = TurnStatus.Completed,
        Host = "host",
        FirstSeq = 1,
        LastSeq = 2,
        StartedAt = 0,
        EndedAt = 1,
        Usage = usage,
    };
}
