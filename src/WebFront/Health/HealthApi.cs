using System.Text.Json.Serialization;
using CodexOrleans.Grains;
using CodexOrleans.WebFront.Requests;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Health;

/// <summary>Body of <c>GET /health</c>.</summary>
/// <param name="Status">Degraded: turns cannot run, something is left to do.</param>
/// <param name="Version">The server's version.</param>
/// <param name="Demo">True when the built-in scripted model answers.</param>
/// <param name="Codex">The CLI as the server finds it.</param>
/// <param name="Checks">One entry per part of the server (such as <c>store</c>, <c>silo</c>).</param>
internal sealed record HealthReportBody(
    HealthWord Status, string Version, bool Demo, CodexStatus Codex, IReadOnlyDictionary<string, HealthWord> Checks);

/// <summary>Body of the two probes: a word, nothing that a stranger could use.</summary>
internal sealed record ProbeBody(HealthWord Status);

/// <summary>How the server or a part of it is.</summary>
[JsonConverter(typeof(JsonWords<HealthWord>))]
internal enum HealthWord
{
    Ok,
    Degraded,
    Unavailable,
}

/// <summary>Probes and the detailed state. Each part of the server registers its own framework health check under its name.</summary>
internal static class HealthApi
{
    public static void AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(http => http.SerializerOptions.TypeInfoResolverChain.Insert(0, HealthJson.Default));
        builder.Services.AddHealthChecks().AddCheck<StoreHealth>("store").AddCheck<SiloHealth>("silo");
        builder.Services.TryAddSingleton(
            services => new CodexStatusReader(_ => ReadFromSilo(services.GetRequiredService<IClusterClient>())));
    }

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health");
        health.MapGet("/live", () => TypedResults.Ok(new ProbeBody(HealthWord.Ok)))
            .AllowAnonymous().WithName("Live").WithSummary("The process answers");
        health.MapGet("/ready", Ready)
            .AllowAnonymous().WithName("Ready").WithSummary("The server takes work: 200, else 503")
            .Produces<ProbeBody>().Produces<ProbeBody>(StatusCodes.Status503ServiceUnavailable);
        health.MapGet("", Details)
            .WithName("Health").WithSummary("State of the server, its parts and the Codex CLI")
            .Produces<HealthReportBody>().Produces<HealthReportBody>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async ValueTask<CodexStatus> ReadFromSilo(IClusterClient cluster)
    {
        try
        {
            var facts = await cluster.GetGrain<ICodexInstallationGrain>(0).Get();
            return new CodexStatus(facts.Installed, facts.Path, facts.Version, facts.Login, facts.Problem);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return new CodexStatus(false, null, null, "unknown", "The silo does not answer.");
        }
    }

    private static async Task<IResult> Ready(
        HealthCheckService checks, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        var serving = lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
        var ready = serving && (await checks.CheckHealthAsync(cancellationToken)).Status != HealthStatus.Unhealthy;
        return ready
            ? TypedResults.Ok(new ProbeBody(HealthWord.Ok))
            : TypedResults.Json(new ProbeBody(HealthWord.Unavailable), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> Details(
        HealthCheckService checks, CodexStatusReader codex, IOptions<ServerOptions> options, CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(cancellationToken);
        var cli = await codex.Read(cancellationToken);
        var status = report.Status == HealthStatus.Unhealthy ? HealthWord.Unavailable
            : report.Status == HealthStatus.Degraded || !cli.Installed || cli.Message is not null ? HealthWord.Degraded
            : HealthWord.Ok;
        var body = new HealthReportBody(status, ServerVersion.Text, options.Value.Demo, cli,
            report.Entries.ToDictionary(entry => entry.Key, entry => Word(entry.Value.Status)));
        return TypedResults.Json(
            body, statusCode: status == HealthWord.Unavailable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    private static HealthWord Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => HealthWord.Ok,
        HealthStatus.Degraded => HealthWord.Degraded,
        _ => HealthWord.Unavailable,
    };
}

[JsonSerializable(typeof(HealthReportBody))]
[JsonSerializable(typeof(ProbeBody))]
internal sealed partial class HealthJson : JsonSerializerContext;
