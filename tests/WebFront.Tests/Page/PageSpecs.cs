using System.Net;

namespace CodexOrleans.WebFront.Tests.Page;

public sealed class PageSpecs
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/index.html")]
    [InlineData("/?gatewayUrl=wss://evil.example&server=https://evil.example")]
    [InlineData("/assets/app-3f2a.js")]
    public async Task The_page_can_load_and_reach_nothing_but_this_server(string path)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync(path, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([Policy], response.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["no-referrer"], response.Headers.GetValues("Referrer-Policy"));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("/", "no-cache")]
    [InlineData("/index.html", "no-cache")]
    [InlineData("/assets/app-3f2a.js", "public, max-age=31536000, immutable")]
    [InlineData("/health/live", "no-store")]
    public async Task Only_files_named_by_their_content_are_cached(string path, string caching)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync(path, Cancel);

        Assert.Equal(caching, string.Join(", ", response.Headers.NonValidated["Cache-Control"]));
    }

    [Theory]
    [InlineData("/../data/token")]
    [InlineData("/%2e%2e/data/token")]
    [InlineData("/assets/..%2f..%2fdata/token")]
    [InlineData("/assets%5c..%5c..%5cdata%5ctoken")]
    public async Task The_page_s_folder_cannot_be_left(string path)
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Stranger.GetAsync(new Uri(server.Address, path), Cancel);

        Assert.DoesNotContain(server.Token, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }
}
