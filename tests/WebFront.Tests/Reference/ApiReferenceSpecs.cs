using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using CodexOrleans.WebFront.Page;

namespace CodexOrleans.WebFront.Tests.Reference;

public sealed partial class ApiReferenceSpecs
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_document_lists_the_endpoints_and_how_to_get_in()
    {
        await using var server = await RunningServer.Start();

        var document = await server.Owner.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);

        var paths = document.GetProperty("paths");
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("token").GetProperty("scheme").GetString());
        Assert.Equal("token", paths.GetProperty("/health").GetProperty("get").GetProperty("security")[0].EnumerateObject().Single().Name);
        Assert.False(paths.GetProperty("/api/codex/sign-in").GetProperty("post").TryGetProperty("security", out _));
        Assert.False(paths.GetProperty("/health").TryGetProperty("head", out _));
        Assert.Equal(
            ["id", "after", "limit", "Last-Event-ID"],
            paths.GetProperty("/api/codex/threads/{id}/events").GetProperty("get").GetProperty("parameters").EnumerateArray()
                .Select(parameter => parameter.GetProperty("name").GetString()));
        Assert.Equal("/", document.GetProperty("servers")[0].GetProperty("url").GetString());
    }

    [Fact]
    public async Task The_reference_page_is_self_contained_and_its_policy_keeps_it_so()
    {
        await using var server = await RunningServer.Start();

        using var response = await server.Owner.GetAsync("/reference/", Cancel);

        var html = await response.Content.ReadAsStringAsync(Cancel);
        Assert.DoesNotMatch(ForeignSource(), html);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("*", policy, StringComparison.Ordinal);
        var nonce = Nonce().Match(policy).Groups["value"].Value;
        Assert.Contains($"nonce=\"{nonce}\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("'unsafe-inline'", policy[..policy.IndexOf("style-src", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reference_page_s_policy_does_not_reach_the_page()
    {
        await using var server = await RunningServer.Start();
        using var reference = await server.Owner.GetAsync("/reference/", Cancel);

        using var page = await server.Owner.GetAsync("/", Cancel);

        Assert.Equal([SecurityHeaders.PagePolicy], page.Headers.GetValues("Content-Security-Policy"));
    }

    [GeneratedRegex("""(src|href)=["'](https?:)?//""")]
    private static partial Regex ForeignSource();

    [GeneratedRegex("'nonce-(?<value>[^']+)'")]
    private static partial Regex Nonce();
}
