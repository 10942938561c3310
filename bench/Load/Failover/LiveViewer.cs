using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using CodexOrleans.Load.Servers;

namespace CodexOrleans.Load.Failover;

/// <summary>Follows a thread and takes note of when events come. When its connection breaks it goes on at another node, as a browser behind a balancer does.</summary>
internal sealed class LiveViewer(HttpClient http, string thread, ServerProcess node, IReadOnlyList<ServerProcess> others)
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly List<long> _arrivals = [];
    private string? _lastSeq;

    /// <summary>The node where it began.</summary>
    public ServerProcess Node => node;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        for (var at = node; !cancellationToken.IsCancellationRequested; at = others[Random.Shared.Next(others.Count)])
        {
            try
            {
                await Follow(at, cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                await Task.Delay(_pause, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Longest time without an event between two moments, as <see cref="Stopwatch.GetTimestamp"/> counts.</summary>
    public TimeSpan LongestPause(long from, long to)
    {
        lock (_gate)
        {
            var longest = TimeSpan.Zero;
            var last = from;
            foreach (var arrival in _arrivals.Where(arrival => arrival > from && arrival < to).Append(to))
            {
                var pause = Stopwatch.GetElapsedTime(last, arrival);
                longest = pause > longest ? pause : longest;
                last = arrival;
            }

            return longest;
        }
    }

    private async Task Follow(ServerProcess at, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{at.Endpoint}/api/codex/threads/{thread}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (_lastSeq is { } cursor)
            request.Headers.Add("Last-Event-ID", cursor);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        await foreach (var frame in SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken))
        {
            if (string.IsNullOrEmpty(frame.EventId) || frame.EventId == _lastSeq)
                continue;
            _lastSeq = frame.EventId;
            lock (_gate)
                _arrivals.Add(Stopwatch.GetTimestamp());
        }
    }
}
