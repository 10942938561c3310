using System.Text.Json;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.Versions.Tests.Stored;

/// <summary>What the clients of a server had read of its threads before it was killed.</summary>
/// <param name="Ended">A thread whose turns have all ended, each in another way.</param>
/// <param name="Cut">A thread whose last turn ran when the server was killed.</param>
internal sealed record StoredThreads(StoredThread Ended, StoredThread Cut)
{
    /// <summary>What the model was told in each thread, and can be asked for.</summary>
    public const string Word = "pelican";

    private static readonly JsonSerializerOptions _readable = new() { WriteIndented = true };

    public static StoredThreads Read(string file) => JsonSerializer.Deserialize<StoredThreads>(File.ReadAllBytes(file))!;

    public async Task Write(string file)
    {
        await using var stream = File.Create(file);
        await JsonSerializer.SerializeAsync(stream, this, _readable);
    }
}

/// <param name="Resource">The thread's resource.</param>
internal sealed record StoredThread(Guid Id, JsonElement Resource, IReadOnlyList<PagedEvent> Events)
{
    public static async Task<StoredThread> Read(CodexApi api, Guid thread) => new(thread, await api.Thread(thread), await api.ReadPages(thread));
}
