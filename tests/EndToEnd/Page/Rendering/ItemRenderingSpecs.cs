using System.Text.Json;
using System.Text.Json.Nodes;
using CodexOrleans.TestSupport;
using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page.Rendering;

/// <summary>How the page draws what the real CLI can't be made to print: hostile items, and all kinds of items in one turn.</summary>
public sealed class ItemRenderingSpecs(BrowsedScript browsed) : IClassFixture<BrowsedScript>
{
    private const string Prose =
        "## Found\n\nSome `code`, a [link](https://example.com), ~~nothing~~.\n\n> שלום עולם\n\n- [x] done";

    private static readonly string _wide = new('w', 2_000);

    private static readonly string _columns = string.Join('|', Enumerable.Range(0, 60).Select(number => $"column{number}"));

    private static readonly string _output =
        string.Concat(Enumerable.Range(0, 200).Select(number => $"\u001b[3{number % 8}mline {number}\u001b[0m \u001b[2mdim\u001b[0m\n"));

    /// <summary>One of each, and of those that scroll one that has to.</summary>
    private static readonly string[] _allItems =
    [
        Item("reasoning", ("text", "**Looking around**\n\nFirst the folder.")),
        Item("agent_message", ("text", $"{Prose}\n\n```js\n{_wide}\n```\n\n|{_columns}|\n{string.Concat(Enumerable.Repeat("|-", 60))}|")),
        Item("command_execution", ("command", "bash -lc ls"), ("aggregated_output", _output), ("exit_code", 0), ("status", "completed")),
        Item("command_execution", ("command", "false"), ("aggregated_output", ""), ("exit_code", 1), ("status", "failed")),
        Item("command_execution", ("command", "rm \u202etxt.exe"), ("aggregated_output", "zero\u200bwidth"), ("status", "declined")),
        Item(
            "file_change",
            ("changes", new JsonArray(Change("a.txt", "add"), Change("b\u202etxt.exe", "delete"), Change("c", "update"))),
            ("status", "completed")),
        Item(
            "mcp_tool_call",
            ("server", "s"),
            ("tool", "t"),
            ("arguments", new JsonObject { ["a"] = _wide }),
            ("error", new JsonObject { ["message"] = "no" }),
            ("status", "failed")),
        Item("web_search", ("query", "orleans"), ("action", new JsonObject { ["queries"] = new JsonArray("orleans", "grains") })),
        Item("todo_list", ("items", new JsonArray(ToDo("one", true), ToDo("two", false)))),
        Item("error", ("message", "Something was wrong.")),
        Item("of_the_future", ("what", _wide)),
        Item("agent_message", ("text", "The end.")),
    ];

    [Fact]
    public async Task A_message_that_no_parser_can_follow_is_shown_as_text_and_all_others_as_ever_also_after_a_reload()
    {
        var quotes = new string('>', 3_000) + " core";
        var lists = string.Concat(Enumerable.Repeat("- ", 3_000)) + "core";
        await using var page = await browsed.Open();
        var thread = await browsed.Thread(
            Item("agent_message", ("text", "*before*")),
            Item("agent_message", ("text", quotes)),
            Item("command_execution", ("command", "ls"), ("aggregated_output", "between"), ("exit_code", 0), ("status", "completed")),
            Item("reasoning", ("text", lists)),
            Item("todo_list", ("items", 7)),
            Item("agent_message", ("text", "*after*")));

        await page.Visit($"/?thread={thread}");
        await IsShown();
        await page.Tab.ReloadAsync();
        await IsShown();

        async Task IsShown()
        {
            await Assertions.Expect(page.Answer.Locator("em")).ToHaveTextAsync("after");
            await Assertions.Expect(page.Items("agent_message")).ToHaveCountAsync(3);
            await Assertions.Expect(page.Items("agent_message").Nth(0).Locator("em")).ToHaveTextAsync("before");
            await Assertions.Expect(page.Items("agent_message").Nth(1).Locator("pre")).ToHaveTextAsync(quotes);
            await Assertions.Expect(page.Items("command_execution")).ToContainTextAsync("between");
            await Assertions.Expect(page.Items("reasoning").Locator("pre")).ToHaveTextAsync(lists);
            await Assertions.Expect(page.Items("todo_list")).ToHaveCountAsync(1);
            await Assertions.Expect(page.End).ToContainTextAsync("Completed");
        }
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task A_thread_with_all_kinds_of_items_is_accessible(ColorScheme scheme)
    {
        await using var page = await browsed.Open(new() { ColorScheme = scheme });
        await page.Visit($"/?thread={await browsed.Thread(_allItems)}");
        await Assertions.Expect(page.Answer).ToContainTextAsync("The end.");
        await page.Tab.GetByText("Options").ClickAsync();
        await page.Button("Raw JSON").ClickAsync();

        Assert.Empty(await Violations(page));
    }

    [Fact]
    public async Task What_scrolls_can_be_scrolled_by_keyboard()
    {
        await using var page = await browsed.Open();
        await page.Visit($"/?thread={await browsed.Thread(_allItems)}");
        await Assertions.Expect(page.Answer).ToContainTextAsync("The end.");

        var code = page.LastTurn.GetByRole(AriaRole.Group, new() { Name = "Code" });
        var table = page.LastTurn.GetByRole(AriaRole.Table);
        foreach (var box in (ILocator[])[code, table])
        {
            await box.FocusAsync();
            await page.Tab.Keyboard.PressAsync("ArrowRight");
            await page.Tab.WaitForFunctionAsync("() => document.activeElement.scrollLeft > 0");
        }
    }

    /// <summary>What axe finds against WCAG 2.1 A and AA, and content outside of all landmarks.</summary>
    private static async Task<string[]> Violations(CodexPage page)
    {
        var axe = Path.Combine(Repository.Root, "src", "WebFront", "ui", "node_modules", "axe-core", "axe.min.js");
        await page.Tab.EvaluateAsync(await File.ReadAllTextAsync(axe, TestContext.Current.CancellationToken));
        return await page.Tab.EvaluateAsync<string[]>(
            """
            async () => {
              const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];
              const found = await axe.run(document, { runOnly: tags, rules: { region: { enabled: true } }, resultTypes: ['violations'] });
              const told = ({ html, any }) => `${html} ${any.map(({ message }) => message)}`;
              return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(told).join('\n')}`);
            }
            """);
    }

    private static JsonObject Change(string path, string kind) => new() { ["path"] = path, ["kind"] = kind };

    private static JsonObject ToDo(string text, bool completed) => new() { ["text"] = text, ["completed"] = completed };

    /// <summary>An item without its id, as JSON.</summary>
    private static string Item(string type, params (string Name, JsonNode? Value)[] fields)
    {
        var item = new JsonObject { ["type"] = type };
        foreach (var (name, value) in fields)
            item[name] = value?.DeepClone();
        return JsonSerializer.Serialize(item);
    }
}
