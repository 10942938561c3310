using CodexOrleans.TestSupport;
using CodexOrleans.Versions.Tests.Stored;
using CodexOrleans.Versions.Tests.Wire;

namespace CodexOrleans.Versions.Tests;

/// <summary>What a released version wrote: its databases, what its clients read from them, and its messages between nodes.</summary>
public sealed class VersionFixture
{
    /// <summary>The setting by which the recorded nodes, and those that take over from them, are one cluster.</summary>
    public static readonly (string Key, string Value) Cluster = ("Cluster:Id", "recorded");

    private readonly string _folder;

    private VersionFixture(string version) => _folder = Path.Combine(Root, version);

    /// <summary>The versions that this one must work with.</summary>
    public static TheoryData<string> All => [.. Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    /// <summary>The SQLite database of a server that was killed.</summary>
    public string SqliteDatabase => Path.Combine(_folder, "codex-orleans.db");

    /// <summary>What that server's clients had read.</summary>
    public string SqliteThreads => Path.Combine(_folder, "sqlite-threads.json");

    /// <summary>The PostgreSQL database of nodes that were killed, as SQL.</summary>
    public string PostgresDump => Path.Combine(_folder, "postgres.sql");

    /// <summary>What those nodes' clients had read.</summary>
    public string PostgresThreads => Path.Combine(_folder, "postgres-threads.json");

    /// <summary>Messages between nodes.</summary>
    public string Messages => Path.Combine(_folder, "messages.json");

    private static string Root => Path.Combine(Repository.Root, "tests", "Fixtures", "versions");

    public static VersionFixture Of(string version) => new(version);

    /// <summary>Writes the fixture anew with the present code.</summary>
    public async Task Record()
    {
        Directory.CreateDirectory(_folder);
        await WireRecording.Write(Messages);
        await StoredRecording.WriteSqlite(this);
        await StoredRecording.WritePostgres(this);
    }
}
