using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>What happens to the page when the way to the server or the page itself goes away and comes back.</summary>
public sealed class PageConnectionSpecs(BrowsedServer browsed) : IClassFixture<BrowsedServer>
{
    [Fact]
    public async Task A_reload_in_the_middle_of_a_turn_shows_what_was_and_what_comes()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Send("SCENARIO:gate NAME:reload CMD:echo before");
        await Assertions.Expect(page.Items("command_execution")).ToContainTextAsync("before");

        await page.Tab.ReloadAsync();
        await Assertions.Expect(page.Items("command_execution")).ToContainTextAsync("before");
        await Assertions.Expect(page.Button("Stop")).ToBeVisibleAsync();
        browsed.Stage.Model.Gates.Open("reload");

        await Assertions.Expect(page.Answer).ToContainTextAsync("The gate is open.");
        await Assertions.Expect(page.Items("command_execution")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Another_tab_sees_the_same_turn_live()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Send("SCENARIO:gate NAME:tab");
        await Assertions.Expect(page.Button("Stop")).ToBeEnabledAsync();
        await using var other = await browsed.Open();
        await other.Visit($"/?thread={page.Thread}");
        await Assertions.Expect(other.Button("Stop")).ToBeEnabledAsync();

        browsed.Stage.Model.Gates.Open("tab");

        await Assertions.Expect(other.Answer).ToContainTextAsync("The gate is open.");
        await Assertions.Expect(page.Answer).ToContainTextAsync("The gate is open.");
    }

    [Fact]
    public async Task A_lost_connection_is_found_again_and_nothing_is_missing()
    {
        await using var wire = new Wire(browsed.Server.Address);
        await using var page = await browsed.Open(address: wire.Address);
        await page.Visit();
        await page.Send("SCENARIO:gate NAME:offline CMD:echo before");
        await Assertions.Expect(page.Items("command_execution")).ToContainTextAsync("before");

        wire.Cut();
        await Assertions.Expect(page.Tab.Locator(".notice.warn")).ToContainTextAsync("Codex keeps working");
        // A disconnect is no stop: the turn is still shown as running.
        await Assertions.Expect(page.LastTurn.Locator(".working")).ToBeVisibleAsync();
        browsed.Stage.Model.Gates.Open("offline");
        wire.Mend();

        await Assertions.Expect(page.Answer).ToContainTextAsync("The gate is open.");
        await Assertions.Expect(page.Tab.Locator(".connection")).ToContainTextAsync("reconnected");
        await Assertions.Expect(page.Items("command_execution")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Tab.Locator(".notice.warn")).ToHaveCountAsync(0);
    }
}
