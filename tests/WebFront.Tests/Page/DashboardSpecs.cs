using System.Net;
using System.Text.Json;
using CodexOrleans.TestSupport;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CodexOrleans.WebFront.Tests.Page;

public sealed class DashboardSpecs
{
    private static readonly string _bobsToken = new('b', 32);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_but_an_admin_gets_anything_below_its_address()
    {
        await using var server = await RunningServer.Start("--Dashboard:Enabled=true", "--Auth:Users:0:Name=bob", $"--Auth:Users:0:Token={_bobsToken}");
        var paths = server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.TrimStart('/'))
            .Where(path => path.StartsWith("/admin", StringComparison.OrdinalIgnoreCase))
            .Select(path => path.Replace("{**path}", "x", StringComparison.Ordinal).Replace("{*path}", "x", StringComparison.Ordinal).Replace("{*address}", "x", StringComparison.Ordinal)
                .Replace("{*grainName}", "x", StringComparison.Ordinal).Replace("{page:int}", "1", StringComparison.Ordinal))
            .Append("/admin/dashboard/no/such/page")
            .ToList();
        Assert.True(paths.Count > 15, string.Join(' ', paths));

        foreach (var path in paths)
        {
            using var stranger = await server.Stranger.GetAsync(path, Cancel);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, stranger.StatusCode));
            if (path.EndsWith("/no/such/page", StringComparison.Ordinal))
                continue;
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = new("Bearer", _bobsToken);
            using var bob = await server.Stranger.SendAsync(request, Cancel);
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, bob.StatusCode));
            await bob.ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        }
    }

    [Fact]
    public async Task An_admin_sees_the_silo_and_its_grains()
    {
        await using var server = await RunningServer.Start("--Dashboard:Enabled=true");

        using (var page = await server.Owner.GetAsync("/admin/dashboard/", Cancel))
        {
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            Assert.Contains("Orleans Dashboard", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        // The silos are looked up when the first one asks, and each second from then on.
        await Condition.Becomes(async () => await Silos(server) is [var status] && status == "Active");
        Assert.Equal(HttpStatusCode.OK, (await server.Owner.GetAsync("/admin/dashboard/index.min.js", Cancel)).StatusCode);
    }

    private static async Task<List<string>> Silos(RunningServer server)
    {
        var counters = JsonDocument.Parse(await server.Owner.GetStringAsync("/admin/dashboard/DashboardCounters", Cancel)).RootElement;
        return [.. counters.GetProperty("hosts").EnumerateArray().Select(silo => silo.GetProperty("status").ToString())];
    }

    [Fact]
    public async Task The_log_is_not_shown_there()
    {
        await using var server = await RunningServer.Start("--Dashboard:Enabled=true");

        Assert.Equal(HttpStatusCode.Forbidden, (await server.Owner.GetAsync("/admin/dashboard/Trace", Cancel)).StatusCode);
    }

    [Fact]
    public async Task Other_sites_and_other_hosts_are_refused_there_as_everywhere()
    {
        await using var server = await RunningServer.Start("--Dashboard:Enabled=true");
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/admin/dashboard/DashboardCounters");
        foreign.Headers.Add("Origin", "https://example.com");
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/admin/dashboard/");
        rebound.Headers.Host = "example.com";

        await (await server.Owner.SendAsync(foreign, Cancel)).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden_origin");
        await (await server.Owner.SendAsync(rebound, Cancel)).ShouldBeProblem(HttpStatusCode.MisdirectedRequest, "host_not_allowed");
    }

    [Fact]
    public async Task It_is_off_unless_asked_for_and_the_api_description_never_has_it()
    {
        await using var off = await RunningServer.Start();
        await (await off.Owner.GetAsync("/admin/dashboard/", Cancel)).ShouldBeProblem(HttpStatusCode.NotFound, "not_found");

        await using var on = await RunningServer.Start("--Dashboard:Enabled=true");
        Assert.DoesNotContain("/admin", await on.Owner.GetStringAsync("/openapi/v1.json", Cancel), StringComparison.Ordinal);
    }
}
