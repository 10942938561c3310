using CodexOrleans.Load.Measures;

namespace CodexOrleans.Load.Turns;

/// <summary>What the clients of one run saw.</summary>
/// <param name="expectedEvents">Room for so many latencies is made before the run.</param>
internal sealed class LoadResult(int expectedEvents = 0)
{
    private const int FailuresKept = 3;

    /// <summary>From the CLI's write to our receipt.</summary>
    public Samples Latency { get; } = new(expectedEvents);

    /// <summary>From the request to the first byte of the response.</summary>
    public Samples FirstByte { get; } = new();

    /// <summary>From the request to the first event of the CLI.</summary>
    public Samples FirstEvent { get; } = new();

    /// <summary>From the request to the first message of the agent.</summary>
    public Samples FirstText { get; } = new();

    /// <summary>From the request to the terminal event.</summary>
    public Samples Done { get; } = new();

    public int Turns { get; set; }

    public long Events { get; set; }

    public long Bytes { get; set; }

    public int FailedTurns { get; private set; }

    public long LostEvents { get; set; }

    public long RepeatedEvents { get; set; }

    public long ReorderedEvents { get; set; }

    /// <summary>SSE ids that did not increase.</summary>
    public long IdFaults { get; set; }

    /// <summary>Connections that were opened again because the server had closed the one before.</summary>
    public int Reconnects { get; set; }

    /// <summary>Monotonic nanoseconds of the first request.</summary>
    public long FirstRequestAt { get; set; } = long.MaxValue;

    /// <summary>Monotonic nanoseconds of the last terminal event.</summary>
    public long LastEndAt { get; set; }

    /// <summary>The first few failures, in words.</summary>
    public List<string> Failures { get; } = [];

    public double Seconds => LastEndAt > FirstRequestAt ? (LastEndAt - FirstRequestAt) / 1e9 : 0;

    public bool Faultless => FailedTurns == 0 && LostEvents == 0 && RepeatedEvents == 0 && ReorderedEvents == 0 && IdFaults == 0;

    public void Fail(string reason)
    {
        FailedTurns++;
        if (Failures.Count < FailuresKept && !Failures.Contains(reason))
            Failures.Add(reason);
    }
}
