using System.Net;
using CodexOrleans.TestSupport;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class TokenSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_the_probes_and_the_ways_to_sign_in_answer_a_caller_without_token()
    {
        await using var server = await RunningServer.Start();

        var open = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText!.TrimEnd('/')).Distinct().Order();

        // The reference page's scripts and icon are the library's own files; the page and the document need the token.
        Assert.Equal(
            ["/api/codex/sign-in", "/api/codex/sign-out", "/health/live", "/health/ready", "/reference/favicon.svg", "/reference/scalar.aspnetcore.js", "/reference/scalar.js", "/sign-in"],
            open);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/reference")]
    [InlineData("/no/such/path")]
    public async Task A_caller_without_token_gets_401_also_for_paths_that_do_not_exist(string path)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync(path, Cancel);

        await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
        Assert.StartsWith("Bearer", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_says_nothing_about_access_is_closed()
    {
        await using var server = await RunningServer.Start([], app => app.MapGet("/forgotten", () => "secret"));

        using var refused = await server.Stranger.GetAsync("/forgotten", Cancel);
        await refused.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
        Assert.Equal("secret", await server.Owner.GetStringAsync("/forgotten", Cancel));
    }

    [Fact]
    public async Task The_token_opens_the_server_as_bearer_only()
    {
        await using var server = await RunningServer.Start();
        Assert.Equal(HttpStatusCode.OK, (await Get(server, $"Bearer {server.Token}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Get(server, $"bearer {server.Token}")).StatusCode);

        foreach (var wrong in (string[])[$"Bearer {server.Token}x", $"Bearer {server.Token[..^1]}", "Bearer ", "Bearer", $"Basic {server.Token}", server.Token])
            Assert.Equal((wrong, HttpStatusCode.Unauthorized), (wrong, (await Get(server, wrong)).StatusCode));
    }

    [Theory]
    [InlineData("/health?token=")]
    [InlineData("/health?access_token=")]
    [InlineData("/health?ticket=")]
    public async Task A_token_in_the_url_opens_nothing(string path)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync(path + server.Token, Cancel);

        await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Fact]
    public async Task There_is_no_default_secret_every_server_makes_its_own_of_256_bits()
    {
        await using var one = await RunningServer.Start();
        await using var other = await RunningServer.Start();

        Assert.NotEqual(one.Token, other.Token);
        Assert.Equal(43, one.Token.Length);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Get(one, $"Bearer {other.Token}")).StatusCode);
    }

    [Fact]
    public async Task A_configured_token_takes_the_place_of_the_generated_one()
    {
        using var folder = new TemporaryFolder();
        var token = new string('k', 32);
        await using var server = await RunningServer.Start(["--Auth:Token", token], null, folder: folder);

        Assert.Equal(HttpStatusCode.OK, (await Get(server, $"Bearer {token}")).StatusCode);
        Assert.False(File.Exists(folder["data/token"]));
    }

    [Theory]
    [InlineData("--Auth:Token=changeme", "Auth:Token must have 32 to 1024")]
    [InlineData("--Auth:Token=", "Auth:Token must have 32 to 1024")]
    [InlineData("--Auth:AllowedHosts:0=*", "Auth:AllowedHosts has '*'")]
    [InlineData("--Auth:AllowedHosts:0=*.example.com", "without scheme, port or wildcard")]
    [InlineData("--Auth:SessionLifetime=00:00:01", "Auth:SessionLifetime")]
    public async Task Options_that_would_open_the_server_stop_its_start(string argument, string message)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => RunningServer.Start(argument));

        Assert.Contains(refused.Failures, failure => failure.Contains(message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_authentication_off_everybody_of_this_machine_gets_in()
    {
        await using var server = await RunningServer.Start("--Auth:Mode=None");

        Assert.Equal(HttpStatusCode.OK, (await server.Stranger.GetAsync("/health", Cancel)).StatusCode);
    }

    private static async Task<HttpResponseMessage> Get(RunningServer server, string authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return await server.Stranger.SendAsync(request, Cancel);
    }
}
