using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using CodexOrleans.Grains;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.WebFront.Tests.Reference;

/// <summary>What the server answers is what its OpenAPI document says.</summary>
public sealed class ApiDocumentSpecs : IAsyncLifetime
{
    private readonly MemoryLog _log = new();
    private RunningServer _server = null!;
    private JsonElement _document;
    private ScriptedThread _thread = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var threads = new Dictionary<Guid, ScriptedThread>();
        _server = await RunningServer.Start([], null, services =>
        {
            services.AddSingleton<IThreadReader>(_log);
            services.AddSingleton<ThreadOwner>(provider => id =>
            {
                lock (threads)
                    return threads.TryGetValue(id, out var known) ? known : threads[id] = New(id, provider);
            });
        });
        _document = await _server.Owner.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);
        _thread = (ScriptedThread)_server.Services.GetRequiredService<ThreadOwner>()(Guid.CreateVersion7());
        _thread.Commit("""{"type":"turn.started"}""");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("GET", "/health/live", 200)]
    [InlineData("GET", "/health/ready", 200)]
    [InlineData("GET", "/health", 200)]
    [InlineData("GET", "/api/codex/threads/{id}", 200)]
    [InlineData("GET", "/api/codex/threads/{id}", 404, "", "nonsense")]
    [InlineData("GET", "/api/codex/threads/{id}/events", 200)]
    [InlineData("GET", "/api/codex/threads/{id}/events", 400, "?limit=0")]
    [InlineData("GET", "/api/codex/threads/{id}/events", 410, "?after=7")]
    [InlineData("POST", "/api/codex/threads/{id}/interrupt", 202)]
    [InlineData("POST", "/api/codex/threads/{id}/interrupt", 409, """{"turn_id":"0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f"}""")]
    [InlineData("POST", "/api/codex/stream", 200, """{"prompt":"completes"}""")]
    [InlineData("POST", "/api/codex/stream", 503, """{"prompt":"is refused"}""")]
    [InlineData("POST", "/api/codex/run", 200, """{"prompt":"completes"}""")]
    [InlineData("POST", "/api/codex/run", 502, """{"prompt":"fails"}""")]
    [InlineData("POST", "/api/codex/run", 503, """{"prompt":"is not logged in"}""")]
    [InlineData("POST", "/api/codex/run", 503, """{"prompt":"is refused"}""")]
    [InlineData("POST", "/api/codex/run", 504, """{"prompt":"takes too long"}""")]
    [InlineData("POST", "/api/codex/run", 400, """{"sandbox":"none","x":1}""")]
    [InlineData("POST", "/api/codex/run", 400, "no JSON")]
    [InlineData("POST", "/api/codex/sign-in", 401, """{"token":""}""")]
    [InlineData("POST", "/api/codex/sign-in", 400, "{}")]
    [InlineData("POST", "/api/codex/sign-out", 204)]
    public async Task Every_answer_fits_its_description(string method, string path, int status, string rest = "", string? id = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("{id}", id ?? $"{_thread.Id}", StringComparison.Ordinal));
        if (method == "POST" && rest.Length > 0)
            request.Content = Answers.Json(rest);
        else
            request.RequestUri = new Uri(request.RequestUri + rest, UriKind.Relative);
        using var response = await _server.Owner.SendAsync(request, Cancel);

        Assert.Equal(status, (int)response.StatusCode);
        await AssertDescribed(_document.GetProperty("paths").GetProperty(path).GetProperty(method.ToLowerInvariant()), response);
    }

    [Fact]
    public async Task A_followed_thread_answers_with_the_stream_of_its_description()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/codex/threads/{_thread.Id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await _server.Owner.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);

        var contents = _document.GetProperty("paths").GetProperty("/api/codex/threads/{id}/events").GetProperty("get")
            .GetProperty("responses").GetProperty("200").GetProperty("content");
        Assert.True(contents.TryGetProperty(response.Content.Headers.ContentType!.MediaType!, out _));
    }

    [Fact]
    public void Options_are_described_by_the_words_that_they_take()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas");

        Assert.Equal("""["read-only","workspace-write","danger-full-access"]""", Compact(schemas.GetProperty("SandboxMode").GetProperty("enum")));
        Assert.Equal("""["disabled","cached","live"]""", Compact(schemas.GetProperty("WebSearchMode").GetProperty("enum")));
        Assert.Equal("""["prompt"]""", Compact(schemas.GetProperty("TurnBody").GetProperty("required")));
    }

    /// <summary>By its status or by what is said of all others.</summary>
    private async Task AssertDescribed(JsonElement operation, HttpResponseMessage response)
    {
        var responses = operation.GetProperty("responses");
        var described = responses.TryGetProperty($"{(int)response.StatusCode}", out var own) ? own : responses.GetProperty("default");
        var body = await response.Content.ReadAsStringAsync(Cancel);
        if (body.Length == 0)
        {
            Assert.False(described.TryGetProperty("content", out _));
            return;
        }

        var type = response.Content.Headers.ContentType!.MediaType!;
        var schema = described.GetProperty("content").GetProperty(type).GetProperty("schema");
        if (type == "text/event-stream")
            Assert.Equal("string", schema.GetProperty("type").GetString());
        else
            Assert.Empty(new JsonSchema(_document).Faults(schema, JsonDocument.Parse(body).RootElement));
        var headers = described.TryGetProperty("headers", out var named) ? named.EnumerateObject().Select(header => header.Name).ToList() : [];
        Assert.Equal(
            response.Headers.Select(header => header.Key).Where(name => name is "Codex-Thread-Id" or "Codex-Turn-Id" or "Retry-After").Except(headers),
            []);
    }

    private ScriptedThread New(Guid id, IServiceProvider provider)
    {
        var thread = new ScriptedThread(id, _log, (_, batch) => provider.GetRequiredService<FrontFeed>().Deliver(batch));
        thread.Before = call =>
        {
            if (call == "start")
                thread.Refusal = Refusal(thread);
            return Task.CompletedTask;
        };
        thread.OnStarted = started =>
        {
            started.Commit("""{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"done"}}""");
            started.End(End(started.Request!.Prompt));
        };
        return thread;
    }

    private static TurnRefusal? Refusal(ScriptedThread thread) =>
        thread.Request?.Prompt == "is refused" ? new TurnRefusal(RefusalCodes.ServerBusy, "Busy.", RetryAfterSeconds: 5) : null;

    private static string End(string prompt) => prompt switch
    {
        "fails" => """{"type":"turn.failed","error":{"message":"quota"}}""",
        "is not logged in" => """{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized"}}""",
        "takes too long" => """{"type":"turn.failed","error":{"message":"too long","code":"turn_timeout"}}""",
        _ => """{"type":"turn.completed","usage":{"input_tokens":1}}""",
    };

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json);
}
