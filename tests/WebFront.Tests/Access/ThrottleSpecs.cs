using System.Net;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Access;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class ThrottleSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guessing_at_sign_in_is_slowed_down_and_the_right_token_always_passes()
    {
        await using var server = await RunningServer.Start();
        for (var i = 0; i < TokenThrottle.MaxFailures; i++)
        {
            using var wrong = await SignIn(server, $"guess {i}");
            await wrong.ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid_token");
        }

        await ShouldBeSlowedDown(await SignIn(server, "one guess more"));
        using var right = await SignIn(server, server.Token);

        Assert.Equal(HttpStatusCode.NoContent, right.StatusCode);
        Assert.True(right.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Guessing_by_bearer_token_counts_as_well_and_the_right_token_always_passes()
    {
        await using var server = await RunningServer.Start();
        for (var i = 0; i < TokenThrottle.MaxFailures; i++)
        {
            using var wrong = await Bearer(server, $"guess-{i}");
            await wrong.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
        }

        await ShouldBeSlowedDown(await Bearer(server, "one-guess-more"));
        await ShouldBeSlowedDown(await SignIn(server, "and another way"));
        Assert.Equal(HttpStatusCode.OK, (await server.Owner.GetAsync("/health", Cancel)).StatusCode);
        // Who sends nothing guesses nothing.
        using var nothing = await server.Stranger.GetAsync("/health", Cancel);
        await nothing.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Fact]
    public async Task Behind_a_proxy_clients_are_told_apart_by_its_word_and_not_by_their_own()
    {
        await using var server = await RunningServer.Start(["--Auth:TrustedProxies:0=10.1.2.3"], null, From(() => "10.1.2.3"));
        // What comes before the proxy's own word the client has sent: it neither chooses its name with that nor uses up another's tries.
        for (var i = 0; i < TokenThrottle.MaxFailures; i++)
            (await Bearer(server, "guess", $"198.51.100.7, 198.51.100.{i}, 203.0.113.1")).Dispose();

        await ShouldBeSlowedDown(await Bearer(server, "guess", "198.51.100.99, 203.0.113.1"));
        await ShouldBeUnauthorized(await Bearer(server, "guess", "203.0.113.2"));
        await ShouldBeUnauthorized(await Bearer(server, "guess", "198.51.100.7"));
        using var right = await Bearer(server, server.Token, "203.0.113.1");
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Fact]
    public async Task Who_is_no_trusted_proxy_is_counted_by_its_own_address_whatever_it_says()
    {
        var address = "203.0.113.1";
        await using var server = await RunningServer.Start(["--Auth:TrustedProxies:0=10.1.2.3"], null, From(() => address));
        for (var i = 0; i < TokenThrottle.MaxFailures; i++)
            (await Bearer(server, "guess", $"198.51.100.{i}")).Dispose();

        await ShouldBeSlowedDown(await Bearer(server, "guess", "198.51.100.99"));
        address = "198.51.100.1";
        await ShouldBeUnauthorized(await Bearer(server, "guess"));
    }

    [Theory]
    [InlineData("203.0.113.1", "::ffff:203.0.113.1")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")]
    public void One_client_by_several_addresses_is_one_client(string one, string same)
    {
        using var throttle = new TokenThrottle();
        for (var i = 0; i < TokenThrottle.MaxFailures; i++)
            Assert.Null(throttle.Failed(IPAddress.Parse(i % 2 == 0 ? one : same)));

        Assert.InRange(throttle.Failed(IPAddress.Parse(same))!.Value, 1, 60);
        Assert.Null(throttle.Failed(IPAddress.Parse("203.0.113.2")));
        Assert.Null(throttle.Failed(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.Null(throttle.Failed(null));
    }

    [Fact]
    public void Clients_beyond_a_number_are_not_counted_one_by_one()
    {
        using var throttle = new TokenThrottle();
        for (var i = 0; i < TokenThrottle.MaxFailuresOfAll; i++)
            Assert.Null(throttle.Failed(new IPAddress(i + 1)));

        Assert.NotNull(throttle.Failed(IPAddress.Parse("203.0.113.1")));
    }

    [Fact]
    public async Task A_client_that_has_waited_may_try_again()
    {
        var client = IPAddress.Parse("203.0.113.1");
        using var throttle = new TokenThrottle(TimeSpan.FromMilliseconds(200));
        while (throttle.Failed(client) is null)
        {
        }

        await Condition.Becomes(() => Task.FromResult(throttle.Failed(client) is null));
    }

    private static Action<IServiceCollection> From(Func<string> address) => services => services.AddSingleton<IStartupFilter>(new CallsFrom(address));

    private static async Task ShouldBeSlowedDown(HttpResponseMessage response)
    {
        using (response)
        {
            await response.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too_many_attempts");
            Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        }
    }

    private static async Task ShouldBeUnauthorized(HttpResponseMessage response)
    {
        using (response)
            await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
    }

    private static Task<HttpResponseMessage> SignIn(RunningServer server, string token) =>
        server.Stranger.PostAsync("/api/codex/sign-in", Answers.Json($$"""{"token":"{{token}}"}"""), Cancel);

    private static async Task<HttpResponseMessage> Bearer(RunningServer server, string token, string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Authorization = new("Bearer", token);
        if (forwardedFor is not null)
            request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await server.Stranger.SendAsync(request, Cancel);
    }
}
