using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>The page as a user sees and uses it. Whatever the browser complains about is kept.</summary>
public sealed class CodexPage : IAsyncDisposable
{
    private readonly Uri _server;
    private readonly List<string> _complaints = [];
    private readonly List<string> _foreignRequests = [];

    internal CodexPage(Uri server, IBrowserContext context, IPage page)
    {
        _server = server;
        Context = context;
        Tab = page;
        page.PageError += (_, error) => Note(_complaints, error);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                Note(_complaints, message.Text);
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(server.ToString(), StringComparison.Ordinal))
                Note(_foreignRequests, request.Url);
        };
    }

    public IBrowserContext Context { get; }

    public IPage Tab { get; }

    public ILocator Prompt => Tab.GetByLabel("Prompt");

    public ILocator Turns => Tab.Locator("codex-turn");

    public ILocator LastTurn => Turns.Last;

    public ILocator Answer => LastTurn.Locator(".answer");

    public ILocator End => LastTurn.Locator(".turn-end");

    /// <summary>The thread in the address bar.</summary>
    public Guid Thread => Guid.Parse(new Uri(Tab.Url).Query["?thread=".Length..]);

    public async Task Visit(string path = "/") => await Tab.GotoAsync(new Uri(_server, path).ToString());

    public ILocator Button(string name) => Tab.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Items(string type) => LastTurn.Locator($".item[data-type={type}]");

    /// <summary>Writes a prompt and presses a button.</summary>
    public async Task Send(string prompt, string button = "Stream Response")
    {
        await Prompt.FillAsync(prompt);
        await Button(button).ClickAsync();
    }

    /// <summary>Sends a prompt and waits for the end of its turn.</summary>
    public async Task Ask(string prompt, string button = "Stream Response")
    {
        await Send(prompt, button);
        await Assertions.Expect(LastTurn.GetByText(prompt).First).ToBeVisibleAsync();
        await Assertions.Expect(End).ToContainTextAsync("Completed");
    }

    /// <summary>Closes the browser, and fails when it ran into an error, refused something by the content security policy or asked anybody else.</summary>
    public async ValueTask DisposeAsync()
    {
        await Context.DisposeAsync();
        lock (_complaints)
            Assert.Empty(_complaints);
        lock (_foreignRequests)
            Assert.Empty(_foreignRequests);
    }

    private static void Note(List<string> list, string text)
    {
        lock (list)
            list.Add(text);
    }
}
