using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace CodexOrleans.Load.Turns;

/// <summary>A shape of load, in numbers.</summary>
internal sealed record Scenario
{
    public required string Name { get; init; }

    /// <summary>Clients at once; each runs one turn after the other.</summary>
    public required int Clients { get; init; }

    /// <summary>Turns of each client; null when <see cref="Duration"/> limits them.</summary>
    public int? TurnsPerClient { get; init; } = 1;

    /// <summary>No turn starts after it.</summary>
    public TimeSpan? Duration { get; init; }

    public int Events { get; init; } = 1;

    /// <summary>Of each line.</summary>
    public int Bytes { get; init; } = 300;

    /// <summary>Between two events, in microseconds; 0 writes them all at once.</summary>
    public int EveryMicroseconds { get; init; }

    /// <summary>Between the starts of two clients.</summary>
    public TimeSpan Spread { get; init; }

    /// <summary>Between a turn's end and the same client's next.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Asks <c>/run</c> instead of <c>/stream</c>.</summary>
    public bool Document { get; init; }

    /// <summary>Replaces the prompt that the fake CLI understands; its events are not numbered then.</summary>
    public string? Prompt { get; init; }

    /// <summary>Longest silence of all connections.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Events per second if nothing ever waited; null when there is no pace.</summary>
    public double? PossibleEventsPerSecond => EveryMicroseconds == 0 || TurnsPerClient is not { } turns
        ? null
        : (double)Clients * turns * Events / (Spread.TotalSeconds * (Clients - 1) + turns * Events * EveryMicroseconds / 1e6);

    public int ExpectedEvents => Clients * (TurnsPerClient ?? 1000) * Events;

    /// <summary>The scenario of that name with its usual numbers, or null.</summary>
    public static Scenario? Named(string name) => name switch
    {
        "steady" => new Scenario { Name = name, Clients = 50, Events = 200, EveryMicroseconds = 10_000, Spread = TimeSpan.FromMilliseconds(4) },
        "ttfe" => new Scenario { Name = name, Clients = 1, TurnsPerClient = 500 },
        "turns" => new Scenario { Name = name, Clients = 8, TurnsPerClient = null, Duration = TimeSpan.FromSeconds(4) },
        "burst" => new Scenario { Name = name, Clients = 4, Events = 20_000 },
        "run-burst" => new Scenario { Name = name, Clients = 4, Events = 20_000, Document = true },
        _ => null,
    };

    public static readonly string[] Names = ["steady", "ttfe", "turns", "burst", "run-burst"];

    /// <summary>The clients of this scenario.</summary>
    /// <param name="token">Bearer token, or null.</param>
    /// <param name="body">Further members of the request's body, or null.</param>
    public IEnumerable<ClientPlan> Plans(IPEndPoint endpoint, string? token, JsonObject? body, LoadResult result)
    {
        var request = RequestText.Post(endpoint, Document ? "/api/codex/run" : "/api/codex/stream", token, Body(body));
        for (var client = 0; client < Clients; client++)
        {
            yield return new ClientPlan
            {
                Kind = Document ? RequestKind.Run : RequestKind.Stream,
                Request = request,
                StartAfter = Spread * client,
                Turns = TurnsPerClient ?? int.MaxValue,
                Events = Prompt is null ? Events : null,
                Pause = Pause,
                Result = result,
            };
        }
    }

    private string Body(JsonObject? more)
    {
        var body = more?.DeepClone().AsObject() ?? [];
        body["prompt"] = Prompt ?? string.Create(CultureInfo.InvariantCulture, $"bench events={Events} bytes={Bytes} every_us={EveryMicroseconds}");
        return body.ToJsonString();
    }
}

/// <summary>Whole HTTP/1.1 requests.</summary>
internal static class RequestText
{
    public static byte[] Post(IPEndPoint endpoint, string path, string? token, string body) => Encoding.UTF8.GetBytes(
        $"POST {path} HTTP/1.1\r\nHost: {endpoint}\r\n{Authorization(token)}Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public static byte[] Follow(IPEndPoint endpoint, string path, string? token, long after) => Encoding.UTF8.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: {endpoint}\r\n{Authorization(token)}Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n\r\n");

    private static string Authorization(string? token) => token is null ? "" : $"Authorization: Bearer {token}\r\n";
}
