using CodexOrleans.TestSupport;

namespace CodexOrleans.FakeCodex;

/// <summary>
/// An executable that stands in for the Codex CLI and does what a shell script says, given as the prompt: what the real one can't be
/// made to do on command. The words that scripts may use are at the top of <c>fake-codex</c>.
/// </summary>
public static class FakeCli
{
    public static string Path { get; } = System.IO.Path.Combine(Repository.Root, "tests", "FakeCodex", "fake-codex");

    /// <summary>What the real CLI 0.169.0 printed once, byte for byte but for paths: a file of <c>recordings</c>, by name.</summary>
    public static byte[] Recording(string name) => File.ReadAllBytes(System.IO.Path.Combine(Repository.Root, "tests", "FakeCodex", "recordings", $"{name}.jsonl"));

    /// <summary>All recordings' names.</summary>
    public static IReadOnlyList<string> Recordings { get; } =
        [.. Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "tests", "FakeCodex", "recordings"), "*.jsonl").Select(f => System.IO.Path.GetFileNameWithoutExtension(f)).Order()];

    /// <summary>The session id that the fake tells when it is not asked to resume one.</summary>
    public const string SessionId = "01a20000-0000-7000-8000-000000000001";
}
