using CodexOrleans.Codex.Installation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Silo.Hosting;

/// <summary>A silo without a front end in its process: its cluster mode is checked, and it logs when it has joined.</summary>
internal static class StandaloneSilo
{
    public static void AddStandaloneSilo(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IValidateOptions<CodexClusterOptions>, ClusterModeValidator>();
        builder.Services.AddHostedService<JoinMessage>();
    }

    private sealed class ClusterModeValidator : IValidateOptions<CodexClusterOptions>
    {
        public ValidateOptionsResult Validate(string? name, CodexClusterOptions options) => options.Mode switch
        {
            ClusterMode.Embedded => ValidateOptionsResult.Fail(
                "Cluster:Mode is Embedded: nobody could reach this silo, which has no front end. "
                + "Set it to Node, or run CodexOrleans.WebFront."),
            ClusterMode.Client => ValidateOptionsResult.Fail(
                "Cluster:Mode is Client, a front end without a silo, and this program is a silo without a front end. "
                + "Set it to Node, or run CodexOrleans.WebFront."),
            _ => ValidateOptionsResult.Success,
        };
    }
}

/// <summary>Logs once that the silo has joined, its address and its CLI. Nothing in it is secret.</summary>
internal sealed partial class JoinMessage(
    ILocalSiloDetails silo, CodexInstallation codex, IOptions<CodexClusterOptions> cluster, ILogger<JoinMessage> logger)
    : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var gateway = cluster.Value.GatewayPort is > 0 and var port ? $"open at port {port}" : "closed";
        LogJoined(silo.SiloAddress.Endpoint.ToString(), cluster.Value.Id, gateway);
        var facts = await codex.GetFacts(cancellationToken);
        if (facts.Problem is { } problem)
            LogProblem(problem);
        else
            LogCodex(facts.Version!, facts.Path!);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        LogLevel.Information,
        "The silo at {Endpoint} is a member of cluster {Cluster}; its gateway for front ends is {Gateway}.")]
    private partial void LogJoined(string endpoint, string cluster, string gateway);

    [LoggerMessage(LogLevel.Information, "Codex CLI {Version} at {Path}.")]
    private partial void LogCodex(string version, string path);

    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    private partial void LogProblem(string problem);
}
