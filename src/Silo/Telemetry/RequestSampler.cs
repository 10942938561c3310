using OpenTelemetry.Trace;

namespace CodexOrleans.Silo;

/// <summary>
/// Leaves out what would drown the traces of requests and turns, and has the configured sampler decide on the rest. A trace begins with
/// an HTTP request: what the server does on its own behalf, such as the renewal of a lease, the end of an idle grain or a look at the
/// members of the cluster, begins none. And the delivery of events to other nodes is a span for each batch in a turn of thousands.
/// </summary>
internal sealed class RequestSampler(Sampler configured) : Sampler
{
    /// <summary>As ASP.NET Core names the span of a request when it begins.</summary>
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
