using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using CodexOrleans.Load.Http;

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

    /// <summary>By so many bytes the CLI's record of the session grows; without one a thread cannot have a second turn.</summary>
    public int RecordBytes { get; init; }

    /// <summary>Between the starts of two clients.</summary>
    public TimeSpan Spread { get; init; }

    /// <summary>Between a turn's end and the same client's next.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Asks <c>/run</c> instead of <c>/stream</c>.</summary>
    public bool Document { get; init; }

    /// <summary>Replaces the prompt that the fake CLI understands; its events are not numbered then.</summary>
    public string? Prompt { get; init; }

    /// <summary>Further members of each request's body, or null.</summary>
    public JsonObject? Body { get; init; }

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
    public IEnumerable<ClientPlan> Plans(IPEndPoint endpoint, string? token, LoadResult result)
    {
        var request = RequestText.Post(endpoint, Document ? "/api/codex/run" : "/api/codex/stream", token, WholeBody());
        for (var client = 0; client < Clients; client++)
        {
            yield return new ClientPlan
            {
                Kind = Document ? RequestKind.Run : RequestKind.Stream,
                Request = request,
                Endpoint = endpoint,
                StartAfter = Spread * client,
                Turns = TurnsPerClient ?? int.MaxValue,
                Events = Prompt is null ? Events : null,
                Pause = Pause,
                Result = result,
            };
        }
    }

    /// <summary>The prompt that the fake CLI understands.</summary>
    public string Order => string.Create(CultureInfo.InvariantCulture, $"bench events={Events} bytes={Bytes} every_us={EveryMicroseconds}{(RecordBytes > 0 ? $" record_bytes={RecordBytes}" : "")}");

    private string WholeBody()
    {
        var body = Body?.DeepClone().AsObject() ?? [];
        body["prompt"] = Prompt ?? Order;
        return body.ToJsonString();
    }
}
