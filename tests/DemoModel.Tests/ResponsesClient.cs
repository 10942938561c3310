using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;

namespace CodexOrleans.DemoModel.Tests;

/// <summary>Speaks to the model as the CLI does, without the CLI.</summary>
internal sealed class ResponsesClient : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly string _url;

    public ResponsesClient(DemoModelServer model)
        : this(model.BaseUrl, model.Key)
    {
    }

    public ResponsesClient(string baseUrl, string? key)
    {
        _url = $"{baseUrl}/responses";
        if (key is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>A request with one prompt, these tools, and what the turn's tools have said.</summary>
    public static object Request(string prompt, object[]? tools = null, params string[] toolOutputs) => new
    {
        model = "gpt-test",
        stream = true,
        prompt_cache_key = Guid.NewGuid(),
        tools = tools ?? [],
        input = (object[])
        [
            Message("user", "<environment_context>\n</environment_context>"),
            Message("user", prompt),
            .. toolOutputs.Select(output => new { type = "function_call_output", call_id = "call", output }),
        ],
    };

    public Task<HttpResponseMessage> Post(HttpContent body) =>
        _http.SendAsync(new(HttpMethod.Post, _url) { Content = body }, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

    public Task<HttpResponseMessage> Post(object request) => Post(JsonContent.Create(request));

    /// <summary>The status and the error's message.</summary>
    public async Task<(HttpStatusCode Status, string Message)> Refused(HttpContent body)
    {
        using var response = await Post(body);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        return (response.StatusCode, answer.GetProperty("error").GetProperty("message").GetString()!);
    }

    /// <summary>All events of the answer.</summary>
    public async Task<List<JsonElement>> Events(object request)
    {
        using var response = await Post(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await Events(response).ToListAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The events of an answer as they arrive.</summary>
    public static async IAsyncEnumerable<JsonElement> Events(HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await foreach (var item in SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken))
        {
            var data = JsonElement.Parse(item.Data);
            Assert.Equal(item.EventType, data.GetProperty("type").GetString());
            yield return data;
        }
    }

    public void Dispose() => _http.Dispose();

    private static object Message(string role, string text) =>
        new { type = "message", role, content = new[] { new { type = "input_text", text } } };
}
