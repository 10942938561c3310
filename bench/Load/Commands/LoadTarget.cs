using System.Net;
using System.Net.Sockets;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Commands;

/// <summary>A running server and how to ask it.</summary>
/// <param name="Name">In the results.</param>
/// <param name="ProcessId">Null when it is not to be watched.</param>
internal sealed record LoadTarget(string Name, IPEndPoint Endpoint, int? ProcessId, string? Token)
{
    /// <summary>A process whose CPU time belongs to the measurement, not to others: the model of the real CLI, or PostgreSQL.</summary>
    public int? Companion { get; init; }

    /// <exception cref="ArgumentException">No IPv4 address belongs to it.</exception>
    public static IPEndPoint EndpointOf(Uri url)
    {
        var addresses = IPAddress.TryParse(url.Host, out var literal) ? [literal] : Dns.GetHostAddresses(url.Host);
        var address = addresses.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)
            ?? throw new ArgumentException($"'{url.Host}' has no IPv4 address. Name one in --url, such as http://127.0.0.1:8000.");
        return new IPEndPoint(address, url.Port);
    }

    /// <summary>Plays the scenario once.</summary>
    public LoadRow Play(Scenario scenario, CancellationToken cancellationToken)
    {
        var result = new LoadResult(scenario.ExpectedEvents);
        return Play(scenario, scenario.Plans(Endpoint, Token, result), result, cancellationToken);
    }

    /// <summary>Plays these clients once.</summary>
    /// <param name="result">What the row tells; clients may have others.</param>
    public LoadRow Play(Scenario scenario, IEnumerable<ClientPlan> plans, LoadResult result, CancellationToken cancellationToken)
    {
        WarmUp.Once();
        // What an earlier run left is not collected during this one.
        GC.Collect();
        using var generator = new LoadGenerator(Endpoint, plans);
        using var watch = ProcessId is { } process ? new ServerWatch(process, Companion) : null;
        generator.Run(scenario.Duration, scenario.Patience, cancellationToken);
        return LoadRow.Of(scenario, Name, result, watch?.Stop(), generator.CpuNanoseconds);
    }
}
