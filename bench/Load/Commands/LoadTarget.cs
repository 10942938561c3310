using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CodexOrleans.Load.Measures;
using CodexOrleans.Load.Turns;

namespace CodexOrleans.Load.Commands;

/// <summary>A running server and how to ask it.</summary>
/// <param name="Name">In the results.</param>
/// <param name="ProcessId">Null when it is not to be watched.</param>
/// <param name="Body">Further members of each request's body.</param>
internal sealed record LoadTarget(string Name, IPEndPoint Endpoint, int? ProcessId, string? Token, JsonObject? Body)
{
    /// <exception cref="ArgumentException">No IPv4 address belongs to it.</exception>
    public static IPEndPoint EndpointOf(Uri url)
    {
        var addresses = IPAddress.TryParse(url.Host, out var literal) ? [literal] : Dns.GetHostAddresses(url.Host);
        var address = addresses.FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)
            ?? throw new ArgumentException($"'{url.Host}' has no IPv4 address. Name one in --url, such as http://127.0.0.1:8000.");
        return new IPEndPoint(address, url.Port);
    }

    /// <summary>Plays the scenario once.</summary>
    public LoadRow Play(Scenario scenario)
    {
        WarmUp.Once();
        var result = new LoadResult(scenario.ExpectedEvents);
        // What an earlier run left is not collected during this one.
        GC.Collect();
        using var generator = new LoadGenerator(Endpoint, scenario.Plans(Endpoint, Token, Body, result));
        using var watch = ProcessId is { } process ? new ServerWatch(process) : null;
        generator.Run(scenario.Duration, scenario.Patience);
        return LoadRow.Of(scenario, Name, result, watch?.Stop(), generator.CpuNanoseconds);
    }
}
