using System.Net;
using System.Text.Json;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.WebFront.Tests.Events;

public sealed class EventStreamSpecs
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_is_streamed_byte_for_byte_and_ends_with_its_own_terminal_event()
    {
        await using var host = await RelayHost.Start();
        host.Script = thread => thread.OnStarted = started =>
        {
            started.Commit("""{"type":"thread.started","thread_id":"t"}""", """{"type":"turn.started"}""");
            started.CommitEndOf(Guid.CreateVersion7(), """{"type":"turn.completed","of":"another turn"}""");
            started.End("""{"type":"turn.completed","usage":{}}""");
            started.Commit("""{"type":"of.a.later.turn"}""");
        };
        using var response = await host.Post("/api/codex/stream", """{"prompt":"hello"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var threadId = Guid.Parse(response.Headers.GetValues("Codex-Thread-Id").Single());
        var thread = host.Thread(threadId);
        Assert.Equal($"{thread.TurnId}", response.Headers.GetValues("Codex-Turn-Id").Single());
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["no-cache, no-transform"], response.Headers.NonValidated["Cache-Control"]);
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        using var client = await SseClient.Open(response);
        await client.ToEnd();
        Assert.Equal(
            ": connected\n\n"
            + $"id: 1\nevent: turn.submitted\ndata: {{\"type\":\"turn.submitted\",\"turn_id\":\"{thread.TurnId}\"}}\n\n"
            + "id: 2\ndata: {\"type\":\"thread.started\",\"thread_id\":\"t\"}\n\n"
            + "id: 3\ndata: {\"type\":\"turn.started\"}\n\n"
            + "id: 4\ndata: {\"type\":\"turn.completed\",\"of\":\"another turn\"}\n\n"
            + "id: 5\ndata: {\"type\":\"turn.completed\",\"usage\":{}}\n\n",
            client.Raw);
    }

    [Fact]
    public async Task The_first_bytes_and_each_event_come_at_once()
    {
        await using var host = await RelayHost.Start();
        using var response = await host.Post("/api/codex/stream", """{"prompt":"hello"}""");
        using var client = await SseClient.Open(response);
        await client.UntilSeq(1);
        var thread = host.Thread(Guid.Parse(response.Headers.GetValues("Codex-Thread-Id").Single()));
        for (var seq = 2; seq < 20; seq++)
        {
            thread.Commit($"{seq}");
            Assert.Equal(new SseEvent(seq, null, $"{seq}"), (await client.UntilSeq(seq)).Single());
        }
    }

    [Fact]
    public async Task The_first_bytes_of_a_followed_thread_do_not_wait_for_its_owner_and_its_events_do()
    {
        const string FirstBytes = ": connected\n\n";
        await using var host = await RelayHost.Start(options => options.OwnerTimeout = TimeSpan.FromHours(1));
        var thread = host.NewThread();
        thread.Commit("1");
        var answer = new TaskCompletionSource();
        thread.Before = call => call == "attach" ? answer.Task : Task.CompletedTask;
        try
        {
            using var client = await host.Follow(thread.Id);
            await client.Cut(FirstBytes.Length, long.MaxValue);
            Assert.Equal(FirstBytes, client.Raw);
            await Condition.Becomes(() => host.Feed.FollowedThreads == 1);
            Assert.Equal(0, host.Log.ChunkReads);

            // The owner does not know this front end yet: only the log can tell it.
            thread.Commit("2");
            answer.SetResult();
            await client.Until(frame => frame.Name == "synced");
            thread.Commit("3");
            await client.UntilSeq(3);
            Assert.Equal(FirstBytes + "id: 1\ndata: 1\n\nid: 2\ndata: 2\n\nevent: synced\ndata: {\"head\":2}\n\nid: 3\ndata: 3\n\n", client.Raw);
        }
        finally
        {
            answer.TrySetResult();
        }
    }

    [Fact]
    public async Task Following_gives_history_then_synced_then_what_happens()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1", "2", "3");
        using var client = await host.Follow(thread.Id, lastEventId: 1, query: "?after=2");
        await client.Until(frame => frame.Name == "synced");
        Assert.Equal(": connected\n\nid: 2\ndata: 2\n\nid: 3\ndata: 3\n\nevent: synced\ndata: {\"head\":3}\n\n", client.Raw);
        thread.End("4");
        thread.Commit("5");
        Assert.Equal(["4", "5"], (await client.UntilSeq(5)).Select(frame => frame.Data));
    }

    [Fact]
    public async Task HEAD_gets_the_headers_of_a_stream_and_no_stream()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var request = new HttpRequestMessage(HttpMethod.Head, $"/api/codex/threads/{thread.Id}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await host.Client.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Empty(thread.Calls);
    }

    [Fact]
    public async Task A_cursor_beyond_the_log_is_told_so_and_never_followed_live()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1", "2");
        using var client = await host.Follow(thread.Id, lastEventId: 3);
        await client.ToEnd();
        Assert.Equal(": connected\n\nevent: cursor_expired\ndata: {\"head\":2}\n\n", client.Raw);
        Assert.Empty(thread.Calls);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("x")]
    [InlineData("1.5")]
    [InlineData("9223372036854775808")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("+1")]
    [InlineData("1\0")]
    [InlineData("\01")]
    [InlineData("0x1")]
    [InlineData("1,1")]
    [InlineData("\uff11")]
    [InlineData("00000000000000000001")]
    [InlineData("")]
    public async Task A_cursor_that_is_no_number_is_refused(string cursor)
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        var path = $"/api/codex/threads/{thread.Id}/events";
        using var query = await host.Client.GetAsync($"{path}?after={Uri.EscapeDataString(cursor)}", Cancelled);
        await Refused(query);
        if (cursor.Trim() != cursor || cursor.Length == 0 || cursor.Any(c => c is '\0' or > '\x7f'))
            return;
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", cursor);
        using var header = await host.Client.SendAsync(request, Cancelled);
        await Refused(header);
    }

    [Fact]
    public async Task A_cursor_that_is_given_twice_is_refused()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var response = await host.Client.GetAsync($"/api/codex/threads/{thread.Id}/events?after=0&after=1", Cancelled);
        await Refused(response);
    }

    private static async Task Refused(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("\"invalid_cursor\"", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f")]
    [InlineData("not-an-id")]
    [InlineData("..%2f..")]
    public async Task A_thread_that_does_not_exist_is_not_found(string id)
    {
        await using var host = await RelayHost.Start();
        using var response = await host.Client.GetAsync($"/api/codex/threads/{id}/events", Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public async Task A_client_that_is_cut_anywhere_and_reconnects_sees_each_event_once_in_order(int seed)
    {
        const int Total = 3_000;
        await using var host = await RelayHost.Start(options =>
        {
            options.ViewerBytes = 100_000;
            options.LogPageBytes = 20_000;
        });
        var thread = host.NewThread();
        thread.Commit(Line(1));
        var committing = Task.Run(
            async () =>
            {
                var random = new Random(-seed);
                for (var seq = 2; seq <= Total;)
                {
                    var count = Math.Min(Total - seq + 1, random.Next(1, 30));
                    thread.Commit([.. Enumerable.Range(seq, count).Select(Line)]);
                    seq += count;
                    await Task.Yield();
                }
            },
            Cancelled);

        var random = new Random(seed);
        var cuts = 0;
        for (long last = 0; last < Total;)
        {
            using var client = await host.Follow(thread.Id, last);
            foreach (var frame in (await client.Cut(random.Next(1, 120_000), Total)).Where(frame => frame.Id is not null))
            {
                Assert.Equal(last + 1, frame.Id);
                Assert.Equal(Line((int)frame.Id!.Value), frame.Data);
                last = frame.Id.Value;
            }

            cuts++;
            if (last == Total)
                break;
        }

        Assert.InRange(cuts, 5, int.MaxValue);
        await committing;

        // Mostly small events, some of them large.
        static string Line(int seq) => $$"""{"n":{{seq}},"x":"{{new string('x', seq % 500 == 0 ? 80_000 : seq % 97)}}"}""";
    }

    [Fact]
    public async Task Fifty_clients_get_everything_while_one_of_them_is_frozen()
    {
        const int Total = 4_000;
        const int History = 32;
        await using var host = await RelayHost.Start(options =>
        {
            options.ViewerBytes = 200_000;
            // Nothing here may depend on being repaired, or on the frozen one being dropped.
            options.TailCheck = TimeSpan.FromHours(1);
            options.WriteTimeout = TimeSpan.FromHours(1);
        });
        var thread = host.NewThread();
        // Much more than the sockets of both sides hold: the frozen one takes nothing of what follows.
        for (var i = 0; i < History; i++)
            thread.Commit(new string('x', 1_000_000));
        using var frozen = await host.FollowAndFreeze(thread.Id);
        await Condition.Becomes(() => host.Feed.FollowedThreads == 1);
        var clients = await Task.WhenAll(Enumerable.Range(0, 49).Select(_ => Task.Run(async () =>
        {
            var client = await host.Follow(thread.Id, lastEventId: History);
            await client.Until(frame => frame.Name == "synced");
            return client;
        })));

        var receiving = clients.Select(client => Task.Run(() => client.UntilSeq(History + Total))).ToList();
        var committing = Task.Run(
            async () =>
            {
                for (var i = 0; i < Total; i++)
                {
                    thread.Commit($"{i}{(i % 1_000 == 999 ? new string('x', 300_000) : "")}");
                    if (i % 50 == 0)
                        await Task.Yield();
                }
            },
            Cancelled);

        foreach (var received in await Task.WhenAll(receiving))
            Assert.Equal(Enumerable.Range(History + 1, Total).Select(seq => (long?)seq), received.Select(frame => frame.Id));
        await committing;
        Assert.Equal(["attach"], thread.Calls);
        foreach (var client in clients)
            client.Dispose();
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_dropped()
    {
        await using var host = await RelayHost.Start(options => options.WriteTimeout = TimeSpan.FromMilliseconds(200));
        var thread = host.NewThread();
        // Much more than the sockets of both sides hold.
        for (var i = 0; i < 64; i++)
            thread.Commit(new string('x', 1_000_000));
        using var frozen = await host.FollowAndFreeze(thread.Id);
        await Condition.Becomes(() => thread.Calls.Contains("attach"));
        await Condition.Becomes(() => host.Feed.FollowedThreads == 0);
        Assert.DoesNotContain("interrupt", thread.Calls);
    }

    [Fact]
    public async Task Leaving_does_not_cancel_the_turn()
    {
        await using var host = await RelayHost.Start();
        ScriptedThread thread;
        using (var response = await host.Post("/api/codex/stream", """{"prompt":"hello"}"""))
        using (var client = await SseClient.Open(response))
        {
            await client.UntilSeq(1);
            thread = host.Thread(Guid.Parse(response.Headers.GetValues("Codex-Thread-Id").Single()));
        }

        await Condition.Becomes(() => host.Feed.FollowedThreads == 0);
        Assert.Equal(["start", "detach"], thread.Calls);
        thread.Commit("2");
        thread.End();
        using var again = await host.Follow(thread.Id, lastEventId: 1);
        Assert.Equal([2, 3], (await again.UntilSeq(3)).Select(frame => frame.Id));
    }

    [Fact]
    public async Task An_idle_stream_gets_a_comment_and_a_busy_one_does_not()
    {
        var time = new FakeTimeProvider();
        await using var host = await RelayHost.Start(time: time);
        var thread = host.NewThread();
        thread.Commit("1");
        using var client = await host.Follow(thread.Id);
        await client.Until(frame => frame.Name == "synced");
        time.Advance(TimeSpan.FromSeconds(9));
        thread.Commit("2");
        await client.UntilSeq(2);
        time.Advance(TimeSpan.FromSeconds(9));
        thread.Commit("3");
        await client.UntilSeq(3);
        Assert.DoesNotContain("idle", client.Raw);

        var fourth = client.UntilSeq(4);
        await Condition.Becomes(() =>
        {
            if (!client.Raw.Contains("idle"))
                time.Advance(TimeSpan.FromSeconds(1));
            return client.Raw.Contains("idle");
        });
        thread.Commit("4");
        await fourth;
        Assert.Contains("id: 3\ndata: 3\n\n: idle\n\n", client.Raw);
    }

    [Fact]
    public async Task Shutdown_ends_streams_cleanly()
    {
        await using var host = await RelayHost.Start();
        var thread = host.NewThread();
        thread.Commit("1");
        using var following = await host.Follow(thread.Id);
        await following.Until(frame => frame.Name == "synced");
        using var response = await host.Post("/api/codex/stream", """{"prompt":"hello"}""");
        using var streaming = await SseClient.Open(response);
        await streaming.UntilSeq(1);

        var stopping = host.Stop();
        Assert.Empty(await following.ToEnd());
        Assert.Empty(await streaming.ToEnd());
        await stopping;
        Assert.EndsWith(": the server stops, reconnect\n\n", following.Raw);
        Assert.EndsWith(": the server stops, reconnect\n\n", streaming.Raw);
    }

    [Theory]
    [InlineData("turn_in_progress", 409)]
    [InlineData("thread_not_found", 404)]
    [InlineData("working_directory_missing", 409)]
    [InlineData("invalid_path", 400)]
    [InlineData("path_not_found", 400)]
    [InlineData("not_a_directory", 400)]
    [InlineData("not_an_image", 400)]
    [InlineData("not_a_git_repository", 400)]
    [InlineData("path_not_allowed", 403)]
    [InlineData("workspace_unavailable", 503)]
    [InlineData("server_busy", 503)]
    [InlineData("host_draining", 503)]
    [InlineData("storage_unavailable", 503)]
    [InlineData("codex_not_installed", 503)]
    public async Task A_refused_turn_is_a_problem_with_the_refusals_code(string code, int status)
    {
        await using var host = await RelayHost.Start();
        host.Script = thread => thread.Refusal = new(code, "why", RetryAfterSeconds: status == 503 ? 7 : null);
        foreach (var path in new[] { "/api/codex/stream", "/api/codex/run" })
        {
            using var response = await host.Post(path, """{"prompt":"hello"}""");
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Contains($"\"{code}\"", await response.Content.ReadAsStringAsync(Cancelled));
            Assert.Equal(status == 503 ? TimeSpan.FromSeconds(7) : null, response.Headers.RetryAfter?.Delta);
        }
    }

    [Fact]
    public async Task A_refusal_for_a_field_names_it()
    {
        await using var host = await RelayHost.Start();
        host.Script = thread => thread.Refusal = new("path_not_allowed", "why", Field: "working_directory");
        using var response = await host.Post("/api/codex/run", """{"prompt":"hello","working_directory":"/somewhere/else"}""");

        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancelled)).RootElement;
        Assert.Equal("why", problem.GetProperty("detail").GetString());
        Assert.Equal("why", problem.GetProperty("errors").GetProperty("working_directory")[0].GetString());
    }

    [Fact]
    public async Task An_owner_that_does_not_answer_is_a_problem_that_names_the_thread()
    {
        await using var host = await RelayHost.Start();
        host.Script = thread => thread.Before = _ => throw new TimeoutException();
        using var response = await host.Post("/api/codex/stream", """{"prompt":"hello"}""");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.True(response.Headers.Contains("Codex-Thread-Id"));
        Assert.Contains("\"owner_unreachable\"", await response.Content.ReadAsStringAsync(Cancelled));
    }
}
