namespace CodexOrleans.TestSupport;

/// <summary>
/// What the pinned CLI printed for scripts of the demo model, normalised by <see cref="CodexOutput"/>: input for tests that need no CLI.
/// A test of the demo model's compares each with what the CLI prints now.
/// </summary>
public static class CodexFixtures
{
    public static string Folder => Path.Combine(Repository.Root, "tests", "Fixtures", "codex-0.169.0");

    public static IReadOnlyList<string> Names =>
        [.. Directory.EnumerateFiles(Folder, "*.jsonl").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The lines of a fixture, each ended by a line feed.</summary>
    public static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(Folder, name + ".jsonl"));
}
