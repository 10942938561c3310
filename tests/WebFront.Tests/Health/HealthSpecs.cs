using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CodexOrleans.WebFront.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CodexOrleans.WebFront.Tests.Health;

public sealed class HealthSpecs
{
    private static readonly CodexStatus _installed = new(true, "/opt/codex", "0.169.0", "chatgpt", null);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_details_name_the_cli_the_parts_and_the_mode()
    {
        await using var server = await Start(_installed, HealthStatus.Healthy, "--demo");

        using var response = await server.Owner.GetAsync("/health", Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.StartsWith(
            """{"status":"ok","version":"0.1.0","demo":true,"codex":{"installed":true,"path":"/opt/codex","version":"0.169.0","login":"chatgpt","message":null},"checks":{""",
            text, StringComparison.Ordinal);
        Assert.Contains("\"part\":\"ok\"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_cli_degrades_the_server_and_says_what_to_do()
    {
        var missing = new CodexStatus(false, null, null, "unknown", "Install the Codex CLI: npm i -g @openai/codex");
        await using var server = await Start(missing, HealthStatus.Healthy);

        var health = await server.Owner.GetFromJsonAsync<JsonElement>("/health", Cancel);

        Assert.Equal("degraded", health.GetProperty("status").GetString());
        Assert.Equal(missing.Message, health.GetProperty("codex").GetProperty("message").GetString());
        Assert.Equal(HttpStatusCode.OK, (await server.Stranger.GetAsync("/health/ready", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_broken_part_makes_the_server_not_ready_but_not_dead()
    {
        await using var server = await Start(_installed, HealthStatus.Unhealthy);

        using var ready = await server.Stranger.GetAsync("/health/ready", Cancel);
        using var live = await server.Stranger.GetAsync("/health/live", Cancel);
        using var details = await server.Owner.GetAsync("/health", Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, details.StatusCode);
        Assert.Contains("\"part\":\"unavailable\"", await details.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_probes_tell_a_stranger_one_word()
    {
        await using var server = await Start(_installed, HealthStatus.Unhealthy);

        Assert.Equal("""{"status":"ok"}""", await server.Stranger.GetStringAsync("/health/live", Cancel));
        using var ready = await server.Stranger.GetAsync("/health/ready", Cancel);
        Assert.Equal("""{"status":"unavailable"}""", await ready.Content.ReadAsStringAsync(Cancel));
    }

    private static Task<RunningServer> Start(CodexStatus codex, HealthStatus part, params string[] args) => RunningServer.Start(args, null, services =>
    {
        services.AddSingleton(new CodexStatusReader(_ => ValueTask.FromResult(codex)));
        services.AddHealthChecks().AddCheck("part", () => new HealthCheckResult(part, "secret detail"));
    });
}
