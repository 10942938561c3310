using CodexOrleans.Storage.Log;
using CodexOrleans.Storage.Postgres;
using CodexOrleans.Storage.Tests.Contract;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Postgres;

public sealed class PostgresFixture : ThreadStoreFixture
{
    private string? _database;
    private PostgresThreadStore? _store;

    public override async Task<IThreadStore> Open()
    {
        _database ??= await (await PostgresServer.Shared).CreateDatabase();
        _store = new PostgresThreadStore(new StorageOptions { Provider = StorageProvider.Postgres, ConnectionString = _database });
        await _store.Open(TestContext.Current.CancellationToken);
        return _store;
    }

    public override async Task Close() => await _store!.DisposeAsync();

    public override async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
    }
}
