using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>
/// The time of day as a process sees it that was started with <see cref="Settings"/>: a test moves it while the process runs.
/// </summary>
public sealed class MovedClock : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public MovedClock() => Write(TimeSpan.Zero);

    /// <summary>For the server; the CLI does not inherit them.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library(),
        ["FAKETIME_TIMESTAMP_FILE"] = Offset,
        // The file is read once a second, not each time that somebody asks for the time.
        ["FAKETIME_CACHE_DURATION"] = "1",
        // Only who sets the clock is to be played; time itself goes on as it does.
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    private string Offset => _folder["offset"];

    /// <summary>Moves the clock and waits until a server says that it has another time.</summary>
    /// <param name="offset">How far the process's clock is ahead of the machine's from now on.</param>
    public async Task Move(TimeSpan offset, HttpClient server)
    {
        Write(offset);
        await Condition.Becomes(async () =>
        {
            using var answer = await server.GetAsync("/health/live");
            return (answer.Headers.Date - DateTimeOffset.UtcNow - offset)?.Duration() < TimeSpan.FromMinutes(1);
        });
    }

    private void Write(TimeSpan offset)
    {
        var written = _folder[Path.GetRandomFileName()];
        File.WriteAllText(written, FormattableString.Invariant($"{(offset < TimeSpan.Zero ? "" : "+")}{(long)offset.TotalSeconds}"));
        File.Move(written, Offset, overwrite: true);
    }

    public void Dispose() => _folder.Dispose();

    private static string Library()
    {
        // Its program stands on the PATH, and the library in a folder that has the machine's architecture in its name.
        ExternalTool.Find("faketime", "faketime");
        return Directory.GetDirectories("/usr/lib")
            .Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1"))
            .First(File.Exists);
    }
}
