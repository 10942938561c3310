using OpenTelemetry.Trace;

namespace CodexOrleans.Silo;

/// <summary>
/// Drops spans that would hide those of requests and turns; the configured sampler decides on the rest. Only an HTTP request begins a
/// trace: the server's own work, such as the renewal of a lease, the deactivation of an idle grain or a read of the membership table,
/// begins none. Deliveries of events to other nodes are dropped too, because a turn has thousands of them.
/// </summary>
internal sealed class RequestSampler(Sampler configured) : Sampler
{
    /// <summary>ASP.NET Core's name of a request's span at its start.</summary>
    private const string Request = "Microsoft.AspNetCore.Hosting.HttpRequestIn";

    private const string Delivery = "IQueueGrain/";

    private static readonly SamplingResult _dropped = new(SamplingDecision.Drop);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
    {
        var begins = samplingParameters.ParentContext.TraceId == default;
        return (begins && samplingParameters.Name != Request) || samplingParameters.Name.StartsWith(Delivery, StringComparison.Ordinal)
            ? _dropped
            : configured.ShouldSample(samplingParameters);
    }
}
