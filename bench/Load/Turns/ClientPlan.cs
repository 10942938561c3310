using System.Net;

namespace CodexOrleans.Load.Turns;

/// <summary>What one client does: a connection that asks, waits for the end, and asks again.</summary>
internal sealed record ClientPlan
{
    public required RequestKind Kind { get; init; }

    /// <summary>The whole request, head and body.</summary>
    public required byte[] Request { get; init; }

    /// <summary>The server that it asks; null for the generator's.</summary>
    public IPEndPoint? Endpoint { get; init; }

    /// <summary>When its first turn starts, from the begin of the run.</summary>
    public TimeSpan StartAfter { get; init; }

    /// <summary>Turns one after another; unlimited when the run is limited in time.</summary>
    public int Turns { get; init; } = 1;

    /// <summary>Numbered events per turn; null when the CLI is not the fake one.</summary>
    public int? Events { get; init; }

    /// <summary>Between a turn's end and the next one's start.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Where its measures go.</summary>
    public required LoadResult Result { get; init; }
}

internal enum RequestKind
{
    /// <summary>One turn as server-sent events.</summary>
    Stream,

    /// <summary>One turn as a document.</summary>
    Run,

    /// <summary>A thread's events, followed until one turn has ended.</summary>
    Follow,
}
