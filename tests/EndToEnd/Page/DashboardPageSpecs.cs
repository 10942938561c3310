using CodexOrleans.EndToEnd.Support;
using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>The Orleans Dashboard in a browser, under the policies of this server.</summary>
public sealed class DashboardPageSpecs : IAsyncLifetime
{
    private Stage _stage = null!;
    private ServerProcess _server = null!;
    private Chromium _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(60_000);
        _chromium = await Chromium.Start();
        _stage = await Stage.Open();
        _stage.Settings["Dashboard:Enabled"] = "true";
        _server = await _stage.StartServer();
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        await _server.DisposeAsync();
        await _stage.DisposeAsync();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_signed_in_admin_sees_it_work_and_the_browser_refuses_nothing_of_it()
    {
        using var api = new CodexApi(_server.CreateClient(), TestContext.Current.CancellationToken);
        await api.Turn(new { prompt = "SCENARIO:plain" });
        var context = await _chromium.Browser.NewContextAsync();
        await context.APIRequest.PostAsync(new Uri(_server.Address, "/api/codex/sign-in").ToString(), new() { DataObject = new { token = _server.Token } });
        var tab = await context.NewPageAsync();
        var complaints = new List<string>();
        tab.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                complaints.Add(message.Text);
        };
        tab.PageError += (_, error) => complaints.Add(error);

        foreach (var page in (string[])["", "#/grains", "#/silos", "#/grain/CodexOrleans.Grains.Threads.ThreadGrain", "#/preferences"])
        {
            await tab.GotoAsync(new Uri(_server.Address, $"/admin/dashboard/{page}").ToString());
            await Assertions.Expect(tab.Locator("#content")).Not.ToContainTextAsync("Loading");
            await Assertions.Expect(tab.Locator("#error-message-content")).ToBeEmptyAsync();
        }

        await tab.GotoAsync(new Uri(_server.Address, "/admin/dashboard/#/silos").ToString());
        await Assertions.Expect(tab.Locator("#content")).ToContainTextAsync("Active");
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
    }
}
