using CodexOrleans.DemoModel.Exchanges;

namespace CodexOrleans.DemoModel;

/// <summary>How the scripted model behaves.</summary>
public sealed class DemoModelOptions
{
    /// <summary>The bearer key a caller must present. Required: the endpoint may sit on a port that others can reach.</summary>
    public required string Key { get; init; }

    /// <summary>
    /// Pause before each delta, so that an answer looks typed. Default 12 ms, which makes a demo turn last two to four seconds; zero
    /// answers at once.
    /// </summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(12);

    /// <summary>Clock of the pauses.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Holds back <c>SCENARIO:gate</c> until a test opens it; null refuses that scenario.</summary>
    public Gates? Gates { get; init; }

    /// <summary>Called with each request that presented the key, before it is answered.</summary>
    public Action<ResponsesRequest>? Received { get; init; }
}
