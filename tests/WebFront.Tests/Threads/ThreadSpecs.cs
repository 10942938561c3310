using System.Text.Json;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Tests.Support;

namespace CodexOrleans.WebFront.Tests.Threads;

public sealed class ThreadSpecs
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thread_is_read_with_its_turns()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1", "2", "3");
        var failed = Guid.CreateVersion7();
        var running = Guid.CreateVersion7();
        host.Log.Put(Turn(failed, thread.Id, TurnStatus.Failed, 1) with { LastSeq = 2, EndedAt = 1_700_000_000_250, ErrorMessage = "quota", Usage = new TokenUsage { OutputTokens = 9 } });
        host.Log.Put(Turn(running, thread.Id, TurnStatus.Running, 3));
        var json = await host.Client.GetStringAsync($"/api/codex/threads/{thread.Id}", Cancelled);
        Assert.Equal(
            $$$"""
            {"thread_id":"{{{thread.Id}}}","codex_thread_id":"codex-session","status":"running","head_seq":3,"running_turn_id":"{{{running}}}","options":{"model":"gpt-test"},
            "created_at":"2023-11-14T22:13:20+00:00","updated_at":"2023-11-14T22:13:20.5+00:00",
            "usage":{"input_tokens":30,"cached_input_tokens":0,"cache_write_input_tokens":0,"output_tokens":0,"reasoning_output_tokens":0},"turns":[
            {"turn_id":"{{{running}}}","status":"running","first_seq":3,"last_seq":null,"started_at":"2023-11-14T22:13:20+00:00","ended_at":null,"usage":null,"error":null},
            {"turn_id":"{{{failed}}}","status":"failed","first_seq":1,"last_seq":2,"started_at":"2023-11-14T22:13:20+00:00","ended_at":"2023-11-14T22:13:20.25+00:00",
            "usage":{"input_tokens":0,"cached_input_tokens":0,"cache_write_input_tokens":0,"output_tokens":9,"reasoning_output_tokens":0},"error":{"code":"turn_failed","message":"quota"}}]}
            """.ReplaceLineEndings(""),
            json);
    }

    [Theory]
    [InlineData("0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f")]
    [InlineData("nonsense")]
    public async Task A_thread_that_does_not_exist_is_not_found(string id)
    {
        await using var host = await RelayHost.Start();
        using var read = await host.Client.GetAsync($"/api/codex/threads/{id}", Cancelled);
        Assert.Equal(404, (int)read.StatusCode);
        Assert.Contains("\"thread_not_found\"", await read.Content.ReadAsStringAsync(Cancelled));
        host.Script = thread => thread.Before = _ => Task.CompletedTask;
        using var interrupt = await host.Post($"/api/codex/threads/{id}/interrupt", $$"""{"turn_id":"{{Guid.Empty}}"}""");
        Assert.Equal(404, (int)interrupt.StatusCode);
    }

    [Fact]
    public async Task A_thread_has_one_address()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        var id = thread.Id.ToString();
        foreach (var other in (string[])[$"%20{id}", $"{id}%09", id.Replace("-", "", StringComparison.Ordinal), $"+{id[1..]}"])
        {
            using var read = await host.Client.GetAsync($"/api/codex/threads/{other}", Cancelled);
            Assert.Equal(404, (int)read.StatusCode);
        }

        using var found = await host.Client.GetAsync($"/api/codex/threads/{id.ToUpperInvariant()}", Cancelled);
        Assert.Equal(200, (int)found.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"turn_id":null}""")]
    public async Task A_running_turn_is_interrupted_without_any_viewer(string body)
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var response = await host.Post($"/api/codex/threads/{thread.Id}/interrupt", body);
        Assert.Equal(202, (int)response.StatusCode);
        Assert.Equal($$"""{"turn_id":"{{thread.TurnId}}"}""", await response.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(["interrupt"], thread.Calls);
    }

    [Fact]
    public async Task A_running_turn_is_interrupted_also_while_the_log_cannot_be_read()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        host.Log.Fault = new StorageException(StorageFault.Unreachable, "away");
        using var response = await host.Post($"/api/codex/threads/{thread.Id}/interrupt", "");
        Assert.Equal(202, (int)response.StatusCode);
    }

    [Fact]
    public async Task Interrupting_another_turn_than_the_running_one_is_a_conflict()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var response = await host.Post($"/api/codex/threads/{thread.Id}/interrupt", $$"""{"turn_id":"{{Guid.CreateVersion7()}}"}""");
        Assert.Equal(409, (int)response.StatusCode);
        Assert.Contains("\"no_turn_running\"", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("""{"turn":"x"}""")]
    [InlineData("""{"turn_id":"x"}""")]
    public async Task An_interrupt_with_another_body_is_refused(string body)
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var response = await host.Post($"/api/codex/threads/{thread.Id}/interrupt", body);
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Empty(thread.Calls);
    }

    [Fact]
    public async Task Pages_give_every_event_once_with_its_envelope_and_its_untouched_line()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit(EventKind.Server, false, """{"type":"turn.submitted"}""");
        var lines = Enumerable.Range(2, 249).Select(n => $$"""{ "id":{{n}},"id":"again" }""").ToList();
        foreach (var batch in lines.Chunk(7))
            thread.Commit(batch);

        var text = await host.Client.GetStringAsync($"/api/codex/threads/{thread.Id}/events?limit=2", Cancelled);
        Assert.Equal(
            $$$"""{"events":[{"seq":1,"turn_id":"{{{thread.TurnId}}}","at":"2023-11-14T22:13:20+00:00","kind":"server","event":{"type":"turn.submitted"}},"""
            + $$$"""{"seq":2,"turn_id":"{{{thread.TurnId}}}","at":"2023-11-14T22:13:20.001+00:00","kind":"codex","event":{ "id":2,"id":"again" }}],"next_after":2,"head_seq":250,"has_more":true}""",
            text);

        var after = 0L;
        var seen = new List<long>();
        var more = true;
        while (more)
        {
            var page = JsonDocument.Parse(await host.Client.GetStringAsync($"/api/codex/threads/{thread.Id}/events?after={after}&limit=33", Cancelled)).RootElement;
            seen.AddRange(page.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("seq").GetInt64()));
            Assert.Equal(seen[^1], page.GetProperty("next_after").GetInt64());
            after = page.GetProperty("next_after").GetInt64();
            more = page.GetProperty("has_more").GetBoolean();
        }

        Assert.Equal(Enumerable.Range(1, 250).Select(n => (long)n), seen);
        Assert.Equal("""{"events":[],"next_after":250,"head_seq":250,"has_more":false}""", await host.Client.GetStringAsync($"/api/codex/threads/{thread.Id}/events?after=250", Cancelled));
    }

    [Fact]
    public async Task A_page_has_few_bytes_but_at_least_one_event()
    {
        await using var host = await RelayHost.Start(options => options.EventPageBytes = 1_000);
        var thread = host.NewThread();
        var large = "\"" + new string('x', 5_000) + "\"";
        thread.Commit("1", large, large, "4");
        var counts = new List<int>();
        for (var after = 0; after < 4;)
        {
            var page = JsonDocument.Parse(await host.Client.GetStringAsync($"/api/codex/threads/{thread.Id}/events?after={after}", Cancelled)).RootElement;
            counts.Add(page.GetProperty("events").GetArrayLength());
            after = page.GetProperty("next_after").GetInt32();
        }

        Assert.Equal([1, 1, 1, 1], counts);
    }

    [Theory]
    [InlineData("limit=0", 400)]
    [InlineData("limit=1001", 400)]
    [InlineData("limit=x", 400)]
    [InlineData("limit=3%00", 400)]
    [InlineData("limit=%2B3", 400)]
    [InlineData("limit=", 400)]
    [InlineData("limit=1&limit=1", 400)]
    [InlineData("limit=1000", 200)]
    [InlineData("after=x", 400)]
    [InlineData("after=2", 410)]
    public async Task A_page_needs_a_fitting_limit_and_cursor(string query, int status)
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var response = await host.Client.GetAsync($"/api/codex/threads/{thread.Id}/events?{query}", Cancelled);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("text/event-stream", true)]
    [InlineData("text/html, text/event-stream;q=0.5", true)]
    [InlineData("application/json", false)]
    [InlineData("*/*", false)]
    [InlineData("text/event-stream;q=0", false)]
    public async Task The_accept_header_chooses_between_stream_and_page(string accept, bool stream)
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/codex/threads/{thread.Id}/events");
        request.Headers.Accept.ParseAdd(accept);
        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(stream ? "text/event-stream" : "application/json", response.Content.Headers.ContentType!.MediaType);
    }

    private static TurnRecord Turn(Guid id, Guid threadId, TurnStatus status, long firstSeq) => new()
    {
        Id = id,
        ThreadId = threadId,
        Status = status,
        Host = "host",
        FirstSeq = firstSeq,
        StartedAt = 1_700_000_000_000,
    };
}
