using System.Text.RegularExpressions;
using CodexOrleans.EndToEnd.Support;
using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>What a user does with the page, in a real browser, with the real CLI behind it.</summary>
public sealed class PageTurnSpecs(BrowsedServer browsed) : IClassFixture<BrowsedServer>
{
    [Theory]
    [InlineData("Stream Response")]
    [InlineData("Run")]
    public async Task A_prompt_is_answered(string button)
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Ask("SCENARIO:all", button);

        await Assertions.Expect(page.Answer).ToContainTextAsync("Did it.");
        await Assertions.Expect(page.End).ToContainTextAsync(new Regex(@"[\d.]+k? in · [\d.]+k? out"));
        await Assertions.Expect(page.Items("todo_list")).ToContainTextAsync("1 of 1 done");
        Assert.NotEqual(Guid.Empty, page.Thread);
        await Assertions.Expect(page.Prompt).ToBeEmptyAsync();
    }

    [Theory]
    [InlineData("SCENARIO:reasoning", "reasoning", "Reading the question")]
    [InlineData("SCENARIO:shell CMD:printf '\\033[31mred\\033[0m'; exit 3", "command_execution", "red")]
    [InlineData("SCENARIO:patch", "file_change", "hello.txt")]
    [InlineData("SCENARIO:mcp ARGS:{\"text\":\"hi\"}", "mcp_tool_call", "tiny.echo")]
    [InlineData("SCENARIO:web", "web_search", "orleans grains")]
    [InlineData("SCENARIO:plan", "todo_list", "2 of 2 done")]
    public async Task Every_kind_of_item_is_shown_as_such(string prompt, string type, string text)
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Ask(prompt);

        await Assertions.Expect(page.Items(type)).ToContainTextAsync(text);
    }

    [Fact]
    public async Task A_failed_command_shows_its_exit_code_and_its_colours()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Ask(@"SCENARIO:shell CMD:printf '\033[31mred\033[0m'; exit 3");

        var command = page.Items("command_execution");
        await Assertions.Expect(command.Locator(".status.failed")).ToHaveTextAsync("exit 3");
        await Assertions.Expect(command.Locator(".ansi-red")).ToHaveTextAsync("red");
    }

    [Fact]
    public async Task A_failed_turn_tells_why()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Send("SCENARIO:failed-context");

        await Assertions.Expect(page.End).ToContainTextAsync("Failed");
        await Assertions.Expect(page.LastTurn.Locator(".failure")).ToContainTextAsync("context window");
        await Assertions.Expect(page.Button("Run")).ToBeDisabledAsync();
        await page.Prompt.FillAsync("again");
        await Assertions.Expect(page.Button("Run")).ToBeEnabledAsync();
    }

    [Fact]
    public async Task Control_and_enter_sends_and_a_further_prompt_continues_the_thread()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await Assertions.Expect(page.Prompt).ToBeFocusedAsync();
        await page.Tab.Keyboard.TypeAsync("SCENARIO:plain first");
        await page.Tab.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.End).ToContainTextAsync("Completed");
        var thread = page.Thread;

        await page.Ask("SCENARIO:echo second");

        Assert.Equal(thread, page.Thread);
        await Assertions.Expect(page.Turns).ToHaveCountAsync(2);
        await Assertions.Expect(page.Answer).ToContainTextAsync("SCENARIO:plain first");
    }

    [Fact]
    public async Task New_thread_begins_an_empty_one_and_back_returns_to_the_old_one()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Ask("SCENARIO:plain");
        var thread = page.Thread;

        await page.Button("New thread").ClickAsync();
        await Assertions.Expect(page.Turns).ToHaveCountAsync(0);
        Assert.Equal("", new Uri(page.Tab.Url).Query);

        await page.Tab.GoBackAsync();
        await Assertions.Expect(page.Answer).ToBeVisibleAsync();
        Assert.Equal(thread, page.Thread);
    }

    [Fact]
    public async Task Stop_ends_the_turn()
    {
        var mark = Mark.New();
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Send($"SCENARIO:shell CMD:sleep {mark}");
        await Assertions.Expect(page.Items("command_execution").Locator(".status")).ToHaveTextAsync("running");

        await page.Button("Stop").ClickAsync();

        await Assertions.Expect(page.End).ToContainTextAsync("Stopped");
        await Assertions.Expect(page.Button("Stop")).ToHaveCountAsync(0);
        await LiveProcesses.Gone(Guid.Empty, mark);
    }

    [Fact]
    public async Task The_raw_events_are_the_lines_of_the_log()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Ask("SCENARIO:plain");
        await page.Button("Raw JSON").ClickAsync();

        var lines = await page.Tab.Locator("codex-raw-log li > code").AllTextContentsAsync();
        using var api = new CodexApi(browsed.Server.CreateClient(), TestContext.Current.CancellationToken);
        Assert.Equal((await api.ReadPages(page.Thread)).Select(line => line.Event), lines);
    }

    [Fact]
    public async Task The_options_reach_the_CLI_and_full_access_warns()
    {
        await using var page = await browsed.Open();
        await page.Visit();
        await page.Tab.GetByLabel("Model").FillAsync("gpt-5.6-luna");
        await page.Tab.GetByLabel("Reasoning effort").SelectOptionAsync("high");
        await page.Tab.GetByLabel("Sandbox").SelectOptionAsync("danger-full-access");
        await Assertions.Expect(page.Tab.GetByRole(AriaRole.Alert)).ToContainTextAsync("No sandbox");
        await page.Tab.GetByLabel("Sandbox").SelectOptionAsync("read-only");
        await Assertions.Expect(page.Tab.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await page.Ask("SCENARIO:echo");

        await Assertions.Expect(page.Answer).ToContainTextAsync("\"model\":\"gpt-5.6-luna\"");
        await Assertions.Expect(page.Answer).ToContainTextAsync("\"effort\":\"high\"");
        await Assertions.Expect(page.LastTurn.Locator(".chip").Filter(new() { HasText = "read-only" })).ToBeVisibleAsync();
    }
}
