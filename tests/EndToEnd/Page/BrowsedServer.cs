using System.Text.RegularExpressions;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;
using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>A server whose CLI has an MCP tool, and a browser to look at it with.</summary>
public sealed partial class BrowsedServer : IAsyncLifetime
{
    /// <summary>Generous: several servers and browsers share the machine.</summary>
    private const float PatienceMs = 60_000;

    private readonly List<ServerProcess> _servers = [];
    private Chromium? _chromium;

    public Stage Stage { get; private set; } = null!;

    public ServerProcess Server => _servers[^1];

    /// <summary>The one-time link that the server printed.</summary>
    public string SignInLink => SignInPattern().Match(Server.Output).Value;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        _chromium = await Chromium.Start();
        Stage = await Stage.Open(TinyMcpServer.Configuration);
        _servers.Add(await Stage.StartServer());
        await Server.Said("/sign-in?ticket=");
    }

    /// <summary>kill -9, and a new server on the same data and address.</summary>
    public async Task KillAndRestart()
    {
        var address = Server.Address;
        await Server.Kill();
        _servers.Add(await ServerProcess.Start(Stage.DataDirectory, Stage.Settings, $"--urls={address.GetLeftPart(UriPartial.Authority)}"));
    }

    /// <summary>A browser of its own, that the server knows.</summary>
    /// <param name="address">Where the browser finds the server, when that is not where it is.</param>
    public async Task<CodexPage> Open(BrowserNewContextOptions? options = null, Uri? address = null)
    {
        var page = await OpenAsStranger(options, address);
        var answer = await page.Context.APIRequest.PostAsync(
            new Uri(address ?? Server.Address, "/api/codex/sign-in").ToString(), new() { DataObject = new { token = Server.Token } });
        Assert.Equal(204, answer.Status);
        return page;
    }

    /// <summary>A browser of its own, that the server does not know.</summary>
    public async Task<CodexPage> OpenAsStranger(BrowserNewContextOptions? options = null, Uri? address = null)
    {
        var context = await _chromium!.Browser.NewContextAsync(options ?? new());
        context.SetDefaultTimeout(PatienceMs);
        return new CodexPage(address ?? Server.Address, context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
        foreach (var server in _servers)
            await server.DisposeAsync();
        if (Stage is not null)
            await Stage.DisposeAsync();
    }

    [GeneratedRegex(@"http://\S+/sign-in\?ticket=\S+")]
    private static partial Regex SignInPattern();
}
