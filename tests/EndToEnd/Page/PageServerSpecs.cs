using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>The page and the one process that printed its link and serves it.</summary>
public sealed class PageServerSpecs(BrowsedServer browsed) : IClassFixture<BrowsedServer>
{
    [Fact]
    public async Task The_printed_link_shows_a_button_that_signs_the_browser_in()
    {
        // A browser that runs no script, and leaves without pressing it: what a preview or a scanner does.
        await using (var preview = await browsed.OpenAsStranger(new() { JavaScriptEnabled = false, ViewportSize = new() { Width = 320, Height = 568 } }))
        {
            await preview.Tab.GotoAsync(browsed.SignInLink);
            await Assertions.Expect(preview.Button("Sign in this browser")).ToBeVisibleAsync();
            Assert.Empty(await preview.Context.CookiesAsync());
        }

        await using var page = await browsed.OpenAsStranger();
        await page.Tab.GotoAsync(browsed.SignInLink);
        await page.Button("Sign in this browser").ClickAsync();
        await page.Ask("SCENARIO:plain");

        var cookie = Assert.Single(await page.Context.CookiesAsync());
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Strict, cookie.SameSite);
        Assert.DoesNotContain("ticket", page.Tab.Url, StringComparison.Ordinal);

        await using var late = await browsed.OpenAsStranger();
        await late.Tab.GotoAsync(browsed.SignInLink);
        await Assertions.Expect(late.Tab.GetByRole(AriaRole.Heading)).ToContainTextAsync("does not work any more");
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
