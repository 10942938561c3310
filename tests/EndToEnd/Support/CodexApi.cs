using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>The HTTP interface as a client program uses it.</summary>
/// <param name="http">A client with the server's address and token; owned.</param>
/// <param name="cancellationToken">Ends whatever waits when the test is over.</param>
public sealed class CodexApi(HttpClient http, CancellationToken cancellationToken) : IDisposable
{
    public HttpClient Http => http;

    /// <summary>Starts a turn and streams it.</summary>
    /// <param name="body">The request's members, such as <c>new { prompt = "…" }</c>.</param>
    /// <param name="tape">What the client has of the thread already; a new tape when null.</param>
    public Task<SseConnection> Stream(object body, EventTape? tape = null, long? cutAfter = null) =>
        SseConnection.Open(http, new HttpRequestMessage(HttpMethod.Post, "/api/codex/stream") { Content = JsonContent.Create(body) }, tape ?? new EventTape(after: null), cutAfter, cancellationToken);

    /// <summary>Runs a turn to its end over <c>/stream</c>.</summary>
    public async Task<FinishedTurn> Turn(object body, EventTape? tape = null)
    {
        await using var stream = await Stream(body, tape);
        await stream.ReadToEnd();
        Assert.True(stream.Tape.Events.Count > 0 && stream.Tape.Events[^1].IsTerminal, $"The stream ended without a terminal event: {string.Join('\n', stream.Tape.Events)}");
        return new FinishedTurn(stream.ThreadId, stream.TurnId, stream.Tape);
    }

    /// <summary>Starts a turn for <c>/run</c>; the answer comes when the turn has ended.</summary>
    public Task<HttpResponseMessage> Run(object body) =>
        http.PostAsJsonAsync("/api/codex/run", body, cancellationToken);

    /// <summary>Starts a turn that must be refused.</summary>
    public Task<HttpResponseMessage> TryStream(object body) =>
        http.PostAsJsonAsync("/api/codex/stream", body, cancellationToken);

    /// <summary>Follows a thread's events.</summary>
    /// <param name="tape">What the client has; its cursor is sent.</param>
    /// <param name="cursorInHeader"><c>Last-Event-ID</c>, as a reconnecting EventSource does; else <c>?after=</c>.</param>
    public Task<SseConnection> Follow(Guid thread, EventTape tape, bool cursorInHeader = true, long? cutAfter = null)
    {
        var path = $"/api/codex/threads/{thread}/events";
        var request = new HttpRequestMessage(HttpMethod.Get, cursorInHeader ? path : $"{path}?after={tape.LastSeq}");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (cursorInHeader && tape.LastSeq > 0)
            request.Headers.Add("Last-Event-ID", tape.LastSeq.ToString());
        return SseConnection.Open(http, request, tape, cutAfter, cancellationToken);
    }

    /// <summary>Reads everything a thread has now, by following it until the server says that all has been given.</summary>
    public async Task<EventTape> ReadAll(Guid thread)
    {
        var tape = new EventTape();
        await using var stream = await Follow(thread, tape, cursorInHeader: false);
        await stream.Until("synced");
        return tape;
    }

    /// <summary>The response of a thread's event stream as it stands on the wire, up to the word that all has been given.</summary>
    public async Task<string> ReadText(Guid thread)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/codex/threads/{thread}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var text = new StringBuilder();
        // A reader of lines that knows no breaks of Unicode, so that those stay in the text.
        while (await body.ReadLineAsync(cancellationToken) is { } line && line != "event: synced")
            text.Append(line).Append('\n');
        return text.ToString();
    }

    /// <summary>All of a thread's events from the JSON pages.</summary>
    public async Task<IReadOnlyList<PagedEvent>> ReadPages(Guid thread)
    {
        var events = new List<PagedEvent>();
        var after = 0L;
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/codex/threads/{thread}/events?after={after}");
            request.Headers.Accept.ParseAdd("application/json");
            using var response = await http.SendAsync(request, cancellationToken);
            response.EnsureSuccessStatusCode();
            var page = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken)).RootElement;
            events.AddRange(page.GetProperty("events").EnumerateArray().Select(PagedEvent.Read));
            after = page.GetProperty("next_after").GetInt64();
            if (!page.GetProperty("has_more").GetBoolean())
                return events;
        }
    }

    /// <summary>The thread's resource.</summary>
    public async Task<JsonElement> Thread(Guid thread) =>
        await http.GetFromJsonAsync<JsonElement>($"/api/codex/threads/{thread}", cancellationToken);

    public Task<HttpResponseMessage> Interrupt(Guid thread) =>
        http.PostAsync($"/api/codex/threads/{thread}/interrupt", JsonContent.Create(new { }), cancellationToken);

    /// <summary>Asserts a refusal: its status, and the stable code of its problem document.</summary>
    public static async Task<JsonElement> Refused(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == status, $"{(int)response.StatusCode}: {text}");
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            var problem = JsonDocument.Parse(text).RootElement;
            Assert.Equal(code, problem.GetProperty("code").GetString());
            return problem;
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>A turn that was streamed to its end.</summary>
public sealed record FinishedTurn(Guid ThreadId, Guid TurnId, EventTape Tape)
{
    public SseFrame End => Tape.Events[^1];

    /// <summary>The text of the last agent message.</summary>
    public string Answer => Tape.Events.Last(frame => frame.Kind == "item.completed/agent_message").Json.GetProperty("item").GetProperty("text").GetString()!;
}

/// <summary>One event of a JSON page; <paramref name="Event"/> is the text as it stands in the page.</summary>
public sealed record PagedEvent(long Seq, Guid TurnId, string Kind, string Event)
{
    public static PagedEvent Read(JsonElement element) => new(
        element.GetProperty("seq").GetInt64(),
        element.GetProperty("turn_id").GetGuid(),
        element.GetProperty("kind").GetString()!,
        element.GetProperty("event").GetRawText());
}
