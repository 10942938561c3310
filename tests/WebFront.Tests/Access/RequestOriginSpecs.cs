using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CodexOrleans.WebFront.Tests.Access;

public sealed class RequestOriginSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:8000")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("localhost.")]
    [InlineData("127.0.0.2")]
    [InlineData("0.0.0.0")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Dns_rebinding_a_host_that_is_not_ours_is_refused_even_with_the_token(string host)
    {
        await using var server = await RunningServer.Start();

        foreach (var path in (string[])["/", "/health", "/health/live", "/assets/app-3f2a.js", "/sign-in"])
        {
            var answer = await Raw(server, $"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {server.Token}\r\nConnection: close\r\n\r\n");

            Assert.StartsWith("HTTP/1.1 421", answer, StringComparison.Ordinal);
            Assert.Contains("\"code\":\"host_not_allowed\"", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.0\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n")]
    [InlineData("GET http://evil.example/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    [InlineData("GET http://evil.example/health/live HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")]
    public async Task Dns_rebinding_a_missing_or_contradictory_host_is_refused(string request)
    {
        await using var server = await RunningServer.Start();

        var answer = await Raw(server, request);

        Assert.Matches("^HTTP/1.1 4(00|21) ", answer);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost:8000")]
    [InlineData("LOCALHOST")]
    [InlineData("[::1]:8000")]
    [InlineData("codex.example.com")]
    public async Task The_loopback_names_and_the_configured_hosts_are_answered(string host)
    {
        await using var server = await RunningServer.Start("--Auth:AllowedHosts:0=codex.example.com");

        var answer = await Raw(server, $"GET /health/live HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("http://127.0.0.1")]
    [InlineData("http://localhost:{port}")]
    [InlineData("https://127.0.0.1:{port}")]
    [InlineData("http://127.0.0.1:{port}.evil.example")]
    [InlineData("")]
    public async Task Cross_site_post_a_foreign_origin_is_refused_even_with_the_token(string origin)
    {
        await using var server = await RunningServer.Start();
        origin = origin.Replace("{port}", server.Address.Port.ToString(), StringComparison.Ordinal);

        using var post = await Send(server, HttpMethod.Post, "/api/codex/sign-out", ("Origin", origin));
        await post.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
        using var get = await Send(server, HttpMethod.Get, "/health", ("Origin", origin));
        await get.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
    }

    [Fact]
    public async Task Cross_site_post_two_origins_are_refused()
    {
        await using var server = await RunningServer.Start();
        var own = server.Address.GetLeftPart(UriPartial.Authority);

        var answer = await Raw(server, $"POST /api/codex/sign-out HTTP/1.1\r\nHost: {server.Address.Authority}\r\nOrigin: {own}\r\nOrigin: {own}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_s_own_origin_is_welcome()
    {
        await using var server = await RunningServer.Start();

        using var response = await Send(server, HttpMethod.Get, "/health", ("Origin", server.Address.GetLeftPart(UriPartial.Authority)), ("Sec-Fetch-Site", "same-origin"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task An_absent_origin_is_not_trust_the_token_is_still_needed()
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync("/health", Cancel);

        await response.ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    [InlineData("anything-new")]
    public async Task Fetch_metadata_other_sites_and_other_ports_of_this_machine_are_refused(string site)
    {
        await using var server = await RunningServer.Start();

        foreach (var path in (string[])["/health", "/api/codex/threads", "/assets/app-3f2a.js", "/reference", "/"])
        {
            using var subresource = await Send(server, HttpMethod.Get, path, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors"));
            await subresource.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
        }

        using var form = await Send(server, HttpMethod.Post, "/", ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"));
        await form.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
        using var navigation = await Send(server, HttpMethod.Get, "/health", ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate"));
        await navigation.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
    }

    [Theory]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/sign-in", HttpStatusCode.Gone)]
    public async Task A_link_in_a_chat_or_mail_may_lead_to_the_page(string path, HttpStatusCode status)
    {
        await using var server = await RunningServer.Start();

        using var response = await Send(server, HttpMethod.Get, path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"));

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task No_wildcard_cors_no_answer_ever_lets_another_site_read_it()
    {
        await using var server = await RunningServer.Start("--Auth:Mode=None");

        using var preflight = await Send(server, HttpMethod.Options, "/api/codex/stream",
            ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "content-type"));
        using var own = await Send(server, HttpMethod.Get, "/health", ("Origin", server.Address.GetLeftPart(UriPartial.Authority)));

        await preflight.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
        foreach (var response in (HttpResponseMessage[])[preflight, own])
            Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Without_authentication_host_and_origin_are_checked_all_the_same()
    {
        await using var server = await RunningServer.Start("--Auth:Mode=None");

        var rebound = await Raw(server, "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        using var foreign = await Send(server, HttpMethod.Post, "/api/codex/run", ("Origin", "https://evil.example"));

        Assert.StartsWith("HTTP/1.1 421", rebound, StringComparison.Ordinal);
        await foreign.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
    }

    private static async Task<HttpResponseMessage> Send(RunningServer server, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return await server.Owner.SendAsync(request, Cancel);
    }

    /// <summary>Bytes as they are, because no HTTP client sends such requests.</summary>
    private static async Task<string> Raw(RunningServer server, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, Cancel);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancel);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancel);
    }
}
