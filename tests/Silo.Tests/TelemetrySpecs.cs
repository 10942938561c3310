using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Trace;

namespace CodexOrleans.Silo.Tests;

public sealed class TelemetrySpecs
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    [InlineData("OTEL_SERVICE_NAME", "codex")]
    public void Without_an_endpoint_nothing_is_added(string? key, string? value)
    {
        var builder = Empty();
        if (key is not null)
            builder.Configuration[key] = value;
        var before = builder.Services.ToList();

        builder.AddTelemetry();

        Assert.Equal(before, builder.Services);
    }

    [Fact]
    public void Signals_can_be_left_out_until_none_is_left()
    {
        var builder = Empty();
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1";
        builder.Configuration["OTEL_TRACES_EXPORTER"] = builder.Configuration["OTEL_METRICS_EXPORTER"] = builder.Configuration["OTEL_LOGS_EXPORTER"] = "none";
        var before = builder.Services.ToList();

        builder.AddTelemetry();

        Assert.Equal(before, builder.Services);
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.HttpRequestIn", SamplingDecision.RecordAndSample)]
    [InlineData("IThreadGrain/Attach", SamplingDecision.Drop)]
    [InlineData("execute OnDeactivateAsync", SamplingDecision.Drop)]
    public void Only_requests_begin_traces(string name, SamplingDecision decision) =>
        Assert.Equal(decision, Sample(name, default));

    [Theory]
    [InlineData("IThreadGrain/Attach", SamplingDecision.RecordAndSample)]
    [InlineData("codex.turn", SamplingDecision.RecordAndSample)]
    [InlineData("IQueueGrain/Enqueue", SamplingDecision.Drop)]
    public void What_belongs_to_a_trace_is_in_it_but_for_the_delivery_of_events(string name, SamplingDecision decision) =>
        Assert.Equal(decision, Sample(name, new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded)));

    private static SamplingDecision Sample(string name, ActivityContext parent) =>
        new RequestSampler(new AlwaysOnSampler()).ShouldSample(new SamplingParameters(parent, ActivityTraceId.CreateRandom(), name, ActivityKind.Client)).Decision;

    private static HostApplicationBuilder Empty() => Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
}
