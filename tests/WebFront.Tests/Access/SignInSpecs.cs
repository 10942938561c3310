using System.Net;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Access;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class SignInSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sign_in_link_sets_a_cookie_that_scripts_and_other_sites_cannot_use_and_leaves_no_trace_of_itself()
    {
        await using var server = await RunningServer.Start();

        using var response = await Press(server, Link(server));

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
    public async Task A_sign_in_link_that_is_previewed_or_scanned_any_number_of_times_still_signs_a_browser_in_once()
    {
        await using var server = await RunningServer.Start();
        var link = Link(server);

        foreach (var method in (HttpMethod[])[HttpMethod.Head, HttpMethod.Get, HttpMethod.Get, HttpMethod.Head])
        {
            using var preview = await server.Stranger.SendAsync(new HttpRequestMessage(method, link), Cancel);
            Assert.Equal((HttpStatusCode.OK, "text/html"), (preview.StatusCode, preview.Content.Headers.ContentType?.MediaType));
            Assert.False(preview.Headers.Contains("Set-Cookie"));
            Assert.True(preview.Headers.CacheControl?.NoStore);
            Assert.Equal(["no-referrer"], preview.Headers.GetValues("Referrer-Policy"));
            var policy = Assert.Single(preview.Headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'; script-src 'none';", policy, StringComparison.Ordinal);
            Assert.Contains("form-action 'self'; frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Contains(method == HttpMethod.Get ? "button" : "", await preview.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        using (var first = await Press(server, link))
            Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        using var second = await Press(server, link);
        using var late = await server.Stranger.GetAsync(link, Cancel);

        foreach (var response in (HttpResponseMessage[])[second, late])
        {
            Assert.Equal((HttpStatusCode.Gone, "text/html"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            Assert.False(response.Headers.Contains("Set-Cookie"));
            Assert.Contains("expired", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-in?ticket=")]
    [InlineData("/sign-in?ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task A_made_up_ticket_signs_nobody_in(string link)
    {
        await using var server = await RunningServer.Start();

        using var shown = await server.Stranger.GetAsync(link, Cancel);
        using var pressed = await Press(server, link);

        foreach (var response in (HttpResponseMessage[])[shown, pressed])
        {
            Assert.Equal(HttpStatusCode.Gone, response.StatusCode);
            Assert.False(response.Headers.Contains("Set-Cookie"));
        }
    }

    [Fact]
    public async Task A_browser_that_is_signed_in_already_does_not_use_a_link_up()
    {
        await using var server = await RunningServer.Start();
        var (link, cookie) = (Link(server), await OpenSession(server));

        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
        {
            using var request = new HttpRequestMessage(method, link);
            request.Headers.Add("Cookie", cookie);
            using var response = await server.Stranger.SendAsync(request, Cancel);
            Assert.Equal((HttpStatusCode.SeeOther, "/"), (response.StatusCode, response.Headers.Location?.OriginalString));
            Assert.False(response.Headers.Contains("Set-Cookie"));
        }

        using var other = await Press(server, link);
        Assert.True(other.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("https://evil.example", "cross-site")]
    [InlineData("https://evil.example", null)]
    [InlineData("null", "cross-site")]
    [InlineData("null", "same-site")]
    public async Task Another_site_cannot_press_the_button(string origin, string? site)
    {
        await using var server = await RunningServer.Start();
        var link = Link(server);

        using var pressed = await Press(server, link, origin, site);
        await pressed.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
        // No other request may come from nowhere.
        using var elsewhere = await Press(server, "/api/codex/sign-out", "null", "same-origin");
        await elsewhere.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");

        using var own = await Press(server, link);
        Assert.Equal(HttpStatusCode.SeeOther, own.StatusCode);
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

        Assert.Equal(User.Operator, sessions.Find(session)?.User);
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
        await using var server = await RunningServer.Start([$"--Auth:TrustedProxies:0={trusted}"], endpoints: null, services => services.AddSingleton<IStartupFilter>(new CallsFrom(() => "10.1.2.3")));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/codex/sign-in") { Content = Answers.Json($$"""{"token":"{{server.Token}}"}""") };
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("Origin", $"https://{server.Address.Authority}");

        using var response = await server.Stranger.SendAsync(request, Cancel);

        Assert.Equal(expected, response.StatusCode);
    }

    private static string Link(RunningServer server) => $"/sign-in?ticket={server.Services.GetRequiredService<SignInTickets>().Issue()}";

    /// <summary>What a browser sends when the button is pressed: a form without fields, whose page sends no referrer.</summary>
    private static async Task<HttpResponseMessage> Press(RunningServer server, string link, string origin = "null", string? site = "same-origin")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, link) { Content = new FormUrlEncodedContent([]) };
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Sec-Fetch-Mode", "navigate");
        if (site is not null)
            request.Headers.Add("Sec-Fetch-Site", site);
        return await server.Stranger.SendAsync(request, Cancel);
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
}
