using CodexOrleans.Storage.Sqlite;

namespace CodexOrleans.Micro.Storage;

/// <summary>An empty log in the temp folder, deleted when disposed.</summary>
internal sealed class TemporaryLog : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("codex-orleans-micro-");

    private TemporaryLog() => Store = new SqliteThreadStore(Path.Combine(_folder.FullName, "log.db"));

    public SqliteThreadStore Store { get; }

    public static async Task<TemporaryLog> Open()
    {
        var log = new TemporaryLog();
        await log.Store.Open();
        return log;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
