using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>The page and the one process that printed its link and serves it.</summary>
public sealed class PageServerSpecs(BrowsedServer browsed) : IClassFixture<BrowsedServer>
{
    [Fact]
    public async Task The_printed_link_signs_the_browser_in()
    {
        await using var page = await browsed.OpenAsStranger();
        await page.Tab.GotoAsync(browsed.SignInLink);
        await page.Ask("SCENARIO:plain");

        var cookie = Assert.Single(await page.Context.CookiesAsync());
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Strict, cookie.SameSite);
        Assert.DoesNotContain("ticket", page.Tab.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_comes_back_when_the_server_was_killed()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Send("SCENARIO:gate NAME:killed CMD:echo before");
        await Assertions.Expect(page.Items("command_execution")).ToContainTextAsync("before");

        await browsed.KillAndRestart();

        await Assertions.Expect(page.End).ToContainTextAsync("Failed");
        await Assertions.Expect(page.LastTurn.Locator(".failure")).ToContainTextAsync("host_lost");
        await Assertions.Expect(page.Items("command_execution")).ToHaveCountAsync(1);
        await page.Ask("SCENARIO:plain");
        await Assertions.Expect(page.Turns).ToHaveCountAsync(2);
    }
}
