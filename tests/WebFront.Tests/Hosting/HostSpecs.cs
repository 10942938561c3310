using System.Net;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Tests;

public sealed class HostSpecs
{
    [Theory]
    [InlineData("--demo", "--demo=true")]
    [InlineData("--DEMO", "--DEMO=true")]
    [InlineData("--demo --urls http://localhost:1", "--demo=true --urls http://localhost:1")]
    [InlineData("--migrate --demo", "--migrate=true --demo=true")]
    [InlineData("--demo false", "--demo false")]
    [InlineData("--demo=false", "--demo=false")]
    [InlineData("--urls http://localhost:1", "--urls http://localhost:1")]
    public void A_switch_needs_no_value(string args, string expanded) =>
        Assert.Equal(expanded.Split(' '), CommandLine.Expand(args.Split(' ')));

    [Fact]
    public async Task The_server_listens_on_loopback_port_8000_and_watches_no_file_by_default()
    {
        using var folder = new TemporaryFolder();
        await using var app = Program.Build(["--DataDirectory", folder["data"]]);

        Assert.Equal("http://127.0.0.1:8000", app.Configuration["urls"]);
        Assert.All(((IConfigurationRoot)app.Configuration).Providers.OfType<FileConfigurationProvider>(), file => Assert.False(file.Source.ReloadOnChange));
        Assert.Equal(AppContext.BaseDirectory.TrimEnd('/'), app.Environment.ContentRootPath.TrimEnd('/'));
    }

    [Fact]
    public async Task Options_come_from_the_command_line_before_all_else()
    {
        using var folder = new TemporaryFolder();
        await using var app = Program.Build(["--DataDirectory", folder["data"], "--urls", "http://localhost:1234", "--MaxRequestBodyBytes=70000", "--Logging:LogLevel:Microsoft=Error"]);

        Assert.Equal("http://localhost:1234", app.Configuration["urls"]);
        Assert.Equal("Error", app.Configuration["Logging:LogLevel:Microsoft"]);
        Assert.Equal(70_000, app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.MaxRequestBodyBytes);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8000", true, "http://127.0.0.1:8000")]
    [InlineData("http://localhost:8000", true, "http://localhost:8000")]
    [InlineData("http://[::1]:8000", true, "http://[::1]:8000")]
    [InlineData("http://0.0.0.0:8000", false, "http://127.0.0.1:8000")]
    [InlineData("https://[::]:8000", false, "https://127.0.0.1:8000")]
    [InlineData("http://192.0.2.1:8000", false, "http://192.0.2.1:8000")]
    public void An_address_is_judged_by_who_reaches_it(string address, bool loopback, string forBrowser)
    {
        Assert.Equal(loopback, BoundAddress.IsLoopback(address));
        Assert.Equal(forBrowser, BoundAddress.ForLocalBrowser(address));
    }

    [Fact]
    public async Task Data_directory_is_released_when_the_server_is_disposed()
    {
        using var folder = new TemporaryFolder();
        await using (await RunningServer.Start([], null, folder: folder))
        {
        }

        await using var again = await RunningServer.Start([], null, folder: folder);
        Assert.Equal(HttpStatusCode.OK, (await again.Owner.GetAsync("/health", TestContext.Current.CancellationToken)).StatusCode);
    }
}
