using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Orleans.Diagnostics;

namespace CodexOrleans.Silo;

/// <summary>Traces, metrics and logs for a collector.</summary>
public static class TelemetryExtensions
{
    /// <summary>Name of the product's own meter and spans.</summary>
    private const string Own = "CodexOrleans";

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Exports by OTLP what the standard <c>OTEL_*</c> variables ask for; without an endpoint (<c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or that
    /// of one signal) nothing is added at all. <c>OTEL_TRACES_EXPORTER</c>, <c>OTEL_METRICS_EXPORTER</c> and <c>OTEL_LOGS_EXPORTER</c> may
    /// be <c>none</c>.
    /// </summary>
    public static IHostApplicationBuilder AddTelemetry(this IHostApplicationBuilder builder)
    {
        var (traces, metrics, logs) = (Wanted("TRACES"), Wanted("METRICS"), Wanted("LOGS"));
        if (!traces && !metrics && !logs)
            return builder;
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => Describe(resource, builder.Configuration))
            .UseOtlpExporter();
        if (traces)
        {
            telemetry.WithTracing(AddTraces);
            PropagateThroughGrains(builder);
        }

        if (metrics)
            telemetry.WithMetrics(AddMetrics);
        if (!logs)
            builder.Logging.AddFilter<OpenTelemetryLoggerProvider>(null, LogLevel.None);
        builder.Services.Configure<OpenTelemetryLoggerOptions>(options => options.IncludeFormattedMessage = true);
        return builder;

        bool Wanted(string signal) =>
            (builder.Configuration[Endpoint] ?? builder.Configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"]) is { Length: > 0 }
            && !string.Equals(builder.Configuration[$"OTEL_{signal}_EXPORTER"], "none", StringComparison.OrdinalIgnoreCase);
    }

    private static void Describe(ResourceBuilder resource, IConfiguration configuration) => resource
        .AddService(
            configuration["OTEL_SERVICE_NAME"] ?? "codex-orleans",
            serviceVersion: typeof(TelemetryExtensions).Assembly
                .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0])
        // The variables are read once more, because the last detector wins and they must override the values above.
        .AddEnvironmentVariableDetector();

    private static void AddTraces(TracerProviderBuilder traces) => traces
        .AddSource(
            Own,
            ActivitySources.ApplicationGrainActivitySourceName,
            ActivitySources.LifecycleActivitySourceName,
            ActivitySources.StorageActivitySourceName,
            "Npgsql")
        .AddAspNetCoreInstrumentation(requests => requests.Filter = context => !context.Request.Path.StartsWithSegments("/health"))
        .ConfigureSampler((_, configured) => new RequestSampler(configured));

    private static void AddMetrics(MeterProviderBuilder metrics) => metrics
        .AddMeter(Own, "Microsoft.Orleans", "Npgsql")
        .AddAspNetCoreInstrumentation()
        .AddRuntimeInstrumentation();

    private static void PropagateThroughGrains(IHostApplicationBuilder builder)
    {
        if (builder.Configuration.IsClient())
            builder.UseOrleansClient(client => client.AddActivityPropagation());
        else
            builder.UseOrleans(silo => silo.AddActivityPropagation());
    }
}
