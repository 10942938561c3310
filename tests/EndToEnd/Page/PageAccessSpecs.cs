using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>Who sees the page, and what hostile text can do on it.</summary>
public sealed class PageAccessSpecs(BrowsedServer browsed) : IClassFixture<BrowsedServer>
{
    [Fact]
    public async Task A_stranger_is_asked_for_the_token_and_sees_nothing_else()
    {
        await using var page = await browsed.OpenAsStranger();
        await page.Visit();
        var token = page.Tab.GetByLabel("Access token");
        await Assertions.Expect(token).ToBeVisibleAsync();
        await Assertions.Expect(page.Prompt).ToBeHiddenAsync();

        await token.FillAsync("wrong");
        await token.PressAsync("Enter");
        await Assertions.Expect(page.Tab.GetByRole(AriaRole.Alert)).ToContainTextAsync("not the server's token");

        await token.FillAsync(browsed.Server.Token);
        await token.PressAsync("Enter");
        await Assertions.Expect(token).ToHaveCountAsync(0);
        await page.Ask("SCENARIO:plain");
    }

    [Fact]
    public async Task A_prompt_outlives_the_end_of_the_session()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Context.ClearCookiesAsync();
        await page.Send("SCENARIO:plain typed before");
        var token = page.Tab.GetByLabel("Access token");
        await token.FillAsync(browsed.Server.Token);
        await token.PressAsync("Enter");

        await Assertions.Expect(page.Prompt).ToHaveValueAsync("SCENARIO:plain typed before");
    }

    [Theory]
    [InlineData("<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>")]
    [InlineData("[click](javascript:window.hacked=1) <a href='javascript:window.hacked=1'>x</a>")]
    [InlineData("<style>body{display:none}</style> <p style='display:none'>x</p>")]
    [InlineData("![pixel](https://example.invalid/pixel.png) <iframe src='https://example.invalid'></iframe>")]
    public async Task Hostile_text_stays_text(string text)
    {
        // The demo session repeats the prompt in its message, its reasoning and a file; the complaints of the browser fail the test.
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Ask(text);

        await Assertions.Expect(page.Answer).ToBeVisibleAsync();
        Assert.Equal(0, await page.LastTurn.Locator("img, script, style, iframe, [style], [onerror], a[href^=javascript]").CountAsync());
        Assert.False(await page.Tab.EvaluateAsync<bool>("() => 'hacked' in window"));
    }

    [Fact]
    public async Task The_address_cannot_make_the_page_talk_to_anybody()
    {
        await using var page = await browsed.Open();
        await page.Visit("/?thread=https%3A%2F%2Fexample.invalid%2Fx&token=abc&url=https%3A%2F%2Fexample.invalid");

        await Assertions.Expect(page.Tab.GetByRole(AriaRole.Heading, new() { Name = "What should Codex do?" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_unknown_thread_is_said_to_be_unknown()
    {
        await using var page = await browsed.Open();
        await page.Visit($"/?thread={Guid.NewGuid()}");

        await Assertions.Expect(page.Tab.Locator(".notice.bad")).ToContainTextAsync("no such thread");
    }

    [Fact]
    public async Task On_a_phone_nothing_is_wider_than_the_screen()
    {
        await using var page = await browsed.Open(new() { ViewportSize = new() { Width = 360, Height = 740 }, IsMobile = true, HasTouch = true });
        await page.Visit();
        await page.Tab.GetByText("Options").ClickAsync();
        await page.Tab.GetByLabel("Sandbox").SelectOptionAsync("danger-full-access");
        Assert.Equal(360, await page.Tab.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        await page.Tab.GetByLabel("Sandbox").SelectOptionAsync("workspace-write");
        await page.Ask($"SCENARIO:shell CMD:echo {new string('x', 500)}");
        Assert.Equal(360, await page.Tab.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task The_colours_follow_the_readers_system(ColorScheme scheme)
    {
        await using var page = await browsed.Open(new() { ColorScheme = scheme });
        await page.Visit();

        var background = await page.Tab.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        var brightness = Regex.Matches(background, @"\d+").Select(match => int.Parse(match.Value)).Take(3).Average();
        Assert.Equal(scheme == ColorScheme.Light, brightness > 128);
    }
}
