using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Sqlite;
using CodexOrleans.Storage.Tests.Contract;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Sqlite;

public sealed class SqliteFixture : ThreadStoreFixture
{
    private readonly TemporaryFolder _folder = new();
    private SqliteThreadStore? _store;

    public override async Task<IThreadStore> Open()
    {
        _store = new SqliteThreadStore(_folder["log.db"]);
        await _store.Open(TestContext.Current.CancellationToken);
        return _store;
    }

    public override async Task Close() => await _store!.DisposeAsync();

    public override async ValueTask DisposeAsync()
    {
        await Close();
        _folder.Dispose();
    }
}
