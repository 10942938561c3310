namespace CodexOrleans.TestSupport.Telemetry;

/// <summary>A span as it was exported.</summary>
/// <param name="Instance">The <c>service.instance.id</c> of who exported it.</param>
/// <param name="Links">Ids of the spans that it links to.</param>
/// <param name="Failed">Whether its status is an error.</param>
public sealed record OtlpSpan(
    string Instance, string Scope, string TraceId, string Id, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<string> Links, bool Failed)
{
    internal static IEnumerable<OtlpSpan> Read(OtlpMessage export) =>
        from resource in export.Messages(1)
        from scope in resource.Messages(2)
        from span in scope.Messages(2)
        select new OtlpSpan(
            OtlpResource.Instance(resource),
            scope.Message(1)!.Text(1),
            span.Hex(1),
            span.Hex(2),
            span.Hex(4),
            span.Text(5),
            span.Attributes(9),
            [.. span.Messages(13).Select(link => link.Hex(2))],
            span.Message(15)?.Number(3) == 2);
}

/// <summary>A data point as it was exported: a number, or for a histogram the count of its values.</summary>
public sealed record OtlpPoint(string Instance, string Scope, string Metric, string Unit, OtlpMetricKind Kind, IReadOnlyDictionary<string, string> Attributes, ulong Time, double Value)
{
    internal static IEnumerable<OtlpPoint> Read(OtlpMessage export) =>
        from resource in export.Messages(1)
        from scope in resource.Messages(2)
        from metric in scope.Messages(2)
        from point in Points(resource, scope, metric)
        select point;

    private static IEnumerable<OtlpPoint> Points(OtlpMessage resource, OtlpMessage scope, OtlpMessage metric)
    {
        var (instance, name) = (OtlpResource.Instance(resource), scope.Message(1)!.Text(1));
        if (metric.Message(9) is { } histogram)
        {
            return histogram.Messages(1).Select(point => new OtlpPoint(
                instance, name, metric.Text(1), metric.Text(3), OtlpMetricKind.Histogram, point.Attributes(9), (ulong)point.Number(3)!, point.Number(4) ?? 0));
        }

        var kind = metric.Message(7)?.Number(3) == 1 ? OtlpMetricKind.Counter : OtlpMetricKind.Gauge;
        return (metric.Message(7) ?? metric.Message(5))!.Messages(1).Select(point => new OtlpPoint(
            instance, name, metric.Text(1), metric.Text(3), kind, point.Attributes(7), (ulong)point.Number(3)!, point.Number(6) ?? point.Real(4) ?? 0));
    }
}

/// <summary>What a meter is once it has come to Prometheus.</summary>
public enum OtlpMetricKind
{
    Counter,

    /// <summary>Also a sum that may fall.</summary>
    Gauge,

    Histogram,
}

/// <summary>A log record as it was exported.</summary>
public sealed record OtlpLog(string Instance, string Category, string Severity, string Body, IReadOnlyDictionary<string, string> Attributes, string TraceId, string SpanId)
{
    internal static IEnumerable<OtlpLog> Read(OtlpMessage export) =>
        from resource in export.Messages(1)
        from scope in resource.Messages(2)
        from record in scope.Messages(2)
        select new OtlpLog(
            OtlpResource.Instance(resource), scope.Message(1)!.Text(1), record.Text(3), record.Message(5)?.AnyValue() ?? "", record.Attributes(6), record.Hex(9), record.Hex(10));
}

internal static class OtlpResource
{
    /// <summary>Who exported a <c>Resource…</c> message.</summary>
    public static string Instance(OtlpMessage resource) => resource.Message(1)!.Attributes(1).GetValueOrDefault("service.instance.id", "");
}
