using System.Net;
using CodexOrleans.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.WebFront.Tests;

public sealed class SignInSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sign_in_link_sets_a_cookie_that_scripts_and_other_sites_cannot_use_and_leaves_no_trace_of_itself()
    {
        await using var server = await RunningServer.Start();
        var ticket = server.Services.GetRequiredService<SignInTickets>().Issue();

        using var response = await server.Stranger.GetAsync($"/sign-in?ticket={ticket}", Cancel);

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        Assert.Equal("/", response.Headers.Location?.OriginalString);
        Assert.Equal(["no-referrer"], response.Headers.GetValues("Referrer-Policy"));
        Assert.True(response.Headers.CacheControl?.NoStore);
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; path=/; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("secure", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Token, cookie, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await StatusWith(server, cookie));
    }

    [Fact]
    public async Task A_sign_in_link_works_once_and_then_tells_what_to_do()
    {
        await using var server = await RunningServer.Start();
        var link = $"/sign-in?ticket={server.Services.GetRequiredService<SignInTickets>().Issue()}";

        using (var preview = await server.Stranger.SendAsync(new HttpRequestMessage(HttpMethod.Head, link), Cancel))
            Assert.Equal(HttpStatusCode.Unauthorized, preview.StatusCode);
        using (var first = await server.Stranger.GetAsync(link, Cancel))
            Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        using var second = await server.Stranger.GetAsync(link, Cancel);

        Assert.Equal(HttpStatusCode.Gone, second.StatusCode);
        Assert.Equal("text/html", second.Content.Headers.ContentType?.MediaType);
        Assert.False(second.Headers.Contains("Set-Cookie"));
        Assert.Contains("restart the server for a new link", await second.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-in?ticket=")]
    [InlineData("/sign-in?ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_made_up_ticket_signs_nobody_in(string link)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync(link, Cancel);

        Assert.Equal(HttpStatusCode.Gone, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public void A_ticket_expires()
    {
        var time = new FakeTimeProvider();
        var tickets = new SignInTickets(time);
        var (used, unused) = (tickets.Issue(), tickets.Issue());

        time.Advance(SignInTickets.Lifetime - TimeSpan.FromSeconds(1));
        Assert.True(tickets.Redeem(used));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(tickets.Redeem(unused));
    }

    [Fact]
    public async Task The_token_can_be_exchanged_for_a_session()
    {
        await using var server = await RunningServer.Start();

        using var response = await SignIn(server, server.Token);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Equal(HttpStatusCode.OK, await StatusWith(server, cookie));
    }

    [Fact]
    public async Task Guessing_tokens_at_sign_in_is_slowed_down()
    {
        await using var server = await RunningServer.Start();
        for (var i = 0; i < SignInThrottle.MaxFailures; i++)
        {
            using var wrong = await SignIn(server, $"guess {i}");
            await wrong.ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid_token");
        }

        using var response = await SignIn(server, server.Token);

        await response.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too_many_attempts");
        Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(HttpStatusCode.OK, (await server.Owner.GetAsync("/health", Cancel)).StatusCode);
    }

    [Fact]
    public void The_throttle_counts_by_address_and_forgets_after_a_minute()
    {
        var time = new FakeTimeProvider();
        var throttle = new SignInThrottle(time);
        for (var i = 0; i < SignInThrottle.MaxFailures; i++)
            throttle.Failed(IPAddress.Parse("203.0.113.1"));

        Assert.Equal(60, throttle.Wait(IPAddress.Parse("203.0.113.1")));
        Assert.Equal(60, throttle.Wait(IPAddress.Parse("::ffff:203.0.113.1")));
        Assert.Null(throttle.Wait(IPAddress.Parse("203.0.113.2")));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(throttle.Wait(IPAddress.Parse("203.0.113.1")));
    }

    [Fact]
    public async Task A_session_outlives_a_restart_and_ends_when_the_token_changes()
    {
        using var folder = new TemporaryFolder();
        string cookie;
        await using (var first = await RunningServer.Start([], null, folder: folder))
            cookie = await OpenSession(first);

        // The cookie's name holds the port, which differs here; its value is what has to last.
        var value = cookie[(cookie.IndexOf('=') + 1)..];
        await using (var restarted = await RunningServer.Start([], null, folder: folder))
            Assert.Equal(HttpStatusCode.OK, await StatusWith(restarted, $"codex-session-{restarted.Address.Port}={value}"));

        File.Delete(folder["data/token"]);
        await using var rotated = await RunningServer.Start([], null, folder: folder);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusWith(rotated, $"codex-session-{rotated.Address.Port}={value}"));
    }

    [Fact]
    public async Task A_session_expires_and_cannot_be_altered()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await RunningServer.Start(["--Auth:SessionLifetime=01:00:00"], null, services => services.AddSingleton<TimeProvider>(time));
        var sessions = server.Services.GetRequiredService<Sessions>();
        var session = sessions.Open(User.Operator);

        Assert.Equal(User.Operator, sessions.Find(session));
        for (var i = 0; i < session.Length; i++)
        {
            var altered = session[..i] + (session[i] == 'A' ? 'B' : 'A') + session[(i + 1)..];
            Assert.True(sessions.Find(altered) is null, $"position {i}");
        }

        Assert.Null(sessions.Find(""));
        // What a base64 reader trips over: bits behind the last byte, and signs of no meaning.
        Assert.Null(sessions.Find(session[..^1] + 'B'));
        Assert.Null(sessions.Find(session[..^1] + '*'));
        Assert.Null(sessions.Find(server.Token));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Null(sessions.Find(session));
    }

    [Fact]
    public async Task A_wrong_token_is_not_made_good_by_a_cookie()
    {
        await using var server = await RunningServer.Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("Cookie", (await OpenSession(server)).Split(';')[0]);
        request.Headers.Add("Authorization", "Bearer wrong");

        using var response = await server.Stranger.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Fact]
    public async Task Signing_out_makes_the_browser_forget_its_session()
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.PostAsync("/api/codex/sign-out", null, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains("expires=Thu, 01 Jan 1970", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Behind_a_tls_proxy_of_this_machine_the_cookie_is_secure_and_the_origin_is_https()
    {
        await using var server = await RunningServer.Start();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/codex/sign-in") { Content = Answers.Json($$"""{"token":"{{server.Token}}"}""") };
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("Origin", $"https://{server.Address.Authority}");

        using var response = await server.Stranger.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains("; secure;", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.0.0/16", HttpStatusCode.NoContent)]
    [InlineData("10.1.2.3", HttpStatusCode.NoContent)]
    [InlineData("10.1.2.4", HttpStatusCode.Forbidden)]
    [InlineData("192.0.2.0/24", HttpStatusCode.Forbidden)]
    public async Task A_tls_proxy_elsewhere_is_believed_only_if_the_operator_has_named_it(string trusted, HttpStatusCode expected)
    {
        await using var server = await RunningServer.Start([$"--Auth:TrustedProxies:0={trusted}"], endpoints: null, services => services.AddSingleton<IStartupFilter>(new From("10.1.2.3")));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/codex/sign-in") { Content = Answers.Json($$"""{"token":"{{server.Token}}"}""") };
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("Origin", $"https://{server.Address.Authority}");

        using var response = await server.Stranger.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
    }

    private static Task<HttpResponseMessage> SignIn(RunningServer server, string token) =>
        server.Stranger.PostAsync("/api/codex/sign-in", Answers.Json($$"""{"token":"{{token}}"}"""), Cancel);

    private static async Task<string> OpenSession(RunningServer server)
    {
        using var response = await SignIn(server, server.Token);
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private static async Task<HttpStatusCode> StatusWith(RunningServer server, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("Cookie", cookie.Split(';')[0]);
        using var response = await server.Stranger.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    /// <summary>Lets all requests come from one address.</summary>
    private sealed class From(string address) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, follow) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(address);
                return follow(context);
            });
            next(app);
        };
    }
}
