using Microsoft.Playwright;

namespace CodexOrleans.EndToEnd.Page;

/// <summary>A real browser: the Chromium or Chrome of this machine. Playwright's own download is not used.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] _names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome.exe", "msedge.exe"];

    private static readonly string[] _folders =
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
        "/Applications/Google Chrome.app/Contents/MacOS",
        "/Applications/Chromium.app/Contents/MacOS",
        @"C:\Program Files\Google\Chrome\Application",
        @"C:\Program Files (x86)\Microsoft\Edge\Application",
    ];

    private readonly IPlaywright _playwright;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        Browser = browser;
    }

    public IBrowser Browser { get; }

    /// <summary>Starts it, or skips the calling test with a word on what to install; fails where <c>CI</c> is set.</summary>
    public static async Task<Chromium> Start()
    {
        var path = Find();
        if (path is null)
        {
            const string advice = "No Chromium or Chrome was found. Install one (Debian: apt-get install chromium) to test the page.";
            Assert.False(Environment.GetEnvironmentVariable("CI") is "true" or "1", advice);
            Assert.Skip(advice);
        }

        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            // As root, as in most containers, Chromium has no sandbox; and /dev/shm is small there.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
        return new Chromium(playwright, browser);
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        _playwright.Dispose();
    }

    private static string? Find() =>
        _names.SelectMany(name => _folders.Select(folder => Path.Combine(folder, name)))
            .Concat(_folders.Select(folder => Path.Combine(folder, "Google Chrome")))
            .FirstOrDefault(File.Exists);
}
