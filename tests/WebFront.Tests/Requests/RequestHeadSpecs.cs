using System.Net;

namespace CodexOrleans.WebFront.Tests.Requests;

public sealed class RequestHeadSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(8_192, HttpStatusCode.NotFound, "not_found")]
    [InlineData(8_193, HttpStatusCode.RequestUriTooLong, "uri_too_long")]
    public async Task An_address_has_a_limit(int length, HttpStatusCode status, string code)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Owner.GetAsync("/" + new string('a', length - 1), Cancel);

        await response.ShouldBeProblem(status, code);
    }

    [Theory]
    [InlineData(1, 15_000, HttpStatusCode.OK)]
    [InlineData(1, 16_384, HttpStatusCode.RequestHeaderFieldsTooLarge)]
    [InlineData(90, 1, HttpStatusCode.OK)]
    [InlineData(101, 1, HttpStatusCode.RequestHeaderFieldsTooLarge)]
    public async Task Headers_have_a_limit_in_size_and_number(int count, int length, HttpStatusCode status)
    {
        await using var server = await RunningServer.Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health/live");
        for (var i = 0; i < count; i++)
            request.Headers.Add($"X-{i}", new string('a', length));

        using var response = await server.Stranger.SendAsync(request, Cancel);

        if (status == HttpStatusCode.OK)
            Assert.Equal(status, response.StatusCode);
        else
            await response.ShouldBeProblem(status, "request_headers_too_large");
    }

    [Fact]
    public async Task More_connections_than_allowed_are_closed_and_the_others_go_on()
    {
        await using var server = await RunningServer.Start("--MaxConnections=1");
        Assert.Equal(HttpStatusCode.OK, (await server.Owner.GetAsync("/health/live", Cancel)).StatusCode);

        await Assert.ThrowsAsync<HttpRequestException>(() => server.Stranger.GetAsync("/health/live", Cancel));

        Assert.Equal(HttpStatusCode.OK, (await server.Owner.GetAsync("/health/live", Cancel)).StatusCode);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/reference/")]
    public async Task HEAD_gives_what_GET_does_without_its_body(string path)
    {
        await using var server = await RunningServer.Start();
        using var get = await server.Owner.GetAsync(path, Cancel);

        using var head = await server.Owner.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), Cancel);

        Assert.Equal((get.StatusCode, get.Content.Headers.ContentType), (head.StatusCode, head.Content.Headers.ContentType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task HEAD_of_a_probe_needs_no_token_and_that_of_a_thread_does()
    {
        await using var server = await RunningServer.Start();

        using var probe = await server.Stranger.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/health/ready"), Cancel);
        using var thread = await server.Stranger.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/codex/threads/x"), Cancel);
        using var known = await server.Owner.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/api/codex/threads/x"), Cancel);

        Assert.Equal((200, 401, 404), ((int)probe.StatusCode, (int)thread.StatusCode, (int)known.StatusCode));
    }

    [Theory]
    [InlineData("/health/ready")]
    [InlineData("/api/codex/run")]
    [InlineData("/api/codex/threads/0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f")]
    [InlineData("/api/codex/threads/0198a2b4-7c31-7d52-9e0f-3b6a1c5d8e2f/events")]
    public async Task Another_method_is_a_problem(string path)
    {
        await using var server = await RunningServer.Start();

        foreach (var method in (string[])["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
        {
            using var response = await server.Owner.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);
            await response.ShouldBeProblem(HttpStatusCode.MethodNotAllowed, "method_not_allowed");
        }
    }
}
