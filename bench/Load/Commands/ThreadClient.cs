using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

using CodexOrleans.Load.Measures;

namespace CodexOrleans.Load.Commands;

/// <summary>Makes threads and times single requests for them; not for load.</summary>
/// <param name="codexHome">Home of the server's CLI.</param>
internal sealed class ThreadClient(LoadTarget target, string codexHome) : IDisposable
{
    private static readonly Encoding _utf8 = Encoding.UTF8;

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://{target.Endpoint}"), Timeout = TimeSpan.FromMinutes(10) };

    /// <summary>Runs one turn of the fake CLI, and returns its thread and the number of the thread's last event.</summary>
    /// <param name="events">Messages that the turn writes.</param>
    public async Task<(string Thread, long Head)> Create(int events, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/codex/stream")
        {
            Content = JsonContent.Create(new { prompt = $"bench events={events} bytes=300 every_us=0" }),
        };
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        var thread = response.Headers.GetValues("Codex-Thread-Id").Single();
        await using (var body = await response.Content.ReadAsStreamAsync(cancellationToken))
            await body.CopyToAsync(Stream.Null, cancellationToken);
        await KeepSession(thread, cancellationToken);
        return (thread, await Head(thread, cancellationToken));
    }

    /// <summary>Number of the thread's last event.</summary>
    public async Task<long> Head(string thread, CancellationToken cancellationToken)
    {
        using var response = await Page(thread, 0, 1, cancellationToken);
        var page = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return page.GetProperty("head_seq").GetInt64();
    }

    /// <summary>Time until a viewer that knows everything is told that it is up to date.</summary>
    public async Task<Samples> Attach(string thread, long head, int times, CancellationToken cancellationToken)
    {
        var samples = new Samples();
        for (var i = 0; i < times; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var request = new HttpRequestMessage(HttpMethod.Get, Events(thread));
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
            request.Headers.Add("Last-Event-ID", head.ToString());
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            response.EnsureSuccessStatusCode();
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken), _utf8);
            while (await lines.ReadLineAsync(cancellationToken) is { } line && line != "event: synced")
            {
                // What the thread has after the cursor comes first.
            }

            samples.Add((long)Stopwatch.GetElapsedTime(begin).TotalNanoseconds);
        }

        return samples;
    }

    /// <summary>Time to read a page of 100 events.</summary>
    public async Task<Samples> ReadPage(string thread, long after, int times, CancellationToken cancellationToken)
    {
        var samples = new Samples();
        for (var i = 0; i < times; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var response = await Page(thread, after, 100, cancellationToken);
            await response.Content.CopyToAsync(Stream.Null, cancellationToken);
            samples.Add((long)Stopwatch.GetElapsedTime(begin).TotalNanoseconds);
        }

        return samples;
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The fake CLI keeps no record of its sessions; without one the server would tell it the whole history anew.</summary>
    private async Task KeepSession(string thread, CancellationToken cancellationToken)
    {
        var resource = await _http.GetFromJsonAsync<JsonElement>($"/api/codex/threads/{thread}", cancellationToken);
        var session = resource.GetProperty("codex_thread_id").GetString();
        var sessions = Directory.CreateDirectory(Path.Combine(codexHome, "sessions")).FullName;
        await File.WriteAllTextAsync(Path.Combine(sessions, $"rollout-bench-{session}.jsonl"), "", cancellationToken);
    }

    private static string Events(string thread) => $"/api/codex/threads/{thread}/events";

    private async Task<HttpResponseMessage> Page(string thread, long after, int limit, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Events(thread)}?after={after}&limit={limit}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        var response = await _http.SendAsync(request, cancellationToken);
        return response.EnsureSuccessStatusCode();
    }
}
