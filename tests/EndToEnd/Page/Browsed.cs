using CodexOrleans.EndToEnd.Support;
using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>Something that serves the page, with a CLI that has an MCP tool behind it, and a browser to look at it with.</summary>
public abstract class Browsed : IAsyncLifetime
{
    /// <summary>Generous: several servers and browsers share the machine.</summary>
    private const float PatienceMs = 60_000;

    private Chromium? _chromium;

    public abstract Stage Stage { get; }

    /// <summary>Where a browser finds the page.</summary>
    protected abstract Uri Address { get; }

    protected abstract string Token { get; }

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        _chromium = await Chromium.Start();
        await Serve();
    }

    /// <summary>A browser of its own, that the server knows.</summary>
    /// <param name="address">Where the browser finds the server, when that is not where it is.</param>
    public async Task<CodexPage> Open(BrowserNewContextOptions? options = null, Uri? address = null)
    {
        var page = await OpenAsStranger(options, address);
        var answer = await page.Context.APIRequest.PostAsync(
            new Uri(address ?? Address, "/api/codex/sign-in").ToString(), new() { DataObject = new { token = Token } });
        Assert.Equal(204, answer.Status);
        return page;
    }

    /// <summary>A browser of its own, that the server does not know.</summary>
    public async Task<CodexPage> OpenAsStranger(BrowserNewContextOptions? options = null, Uri? address = null)
    {
        var context = await _chromium!.Browser.NewContextAsync(options ?? new());
        context.SetDefaultTimeout(PatienceMs);
        return new CodexPage(address ?? Address, context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_chromium is not null)
            await _chromium.DisposeAsync();
        await End();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins to serve the page.</summary>
    protected abstract Task Serve();

    /// <summary>Ends what <see cref="Serve"/> began, as far as it came.</summary>
    protected abstract ValueTask End();
}
