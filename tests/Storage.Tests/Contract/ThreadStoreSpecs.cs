using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Contract;

/// <summary>What any store must keep: each database runs the derived classes with a fixture of its own.</summary>
public abstract class ThreadStoreSpecs<TFixture> : IAsyncLifetime
    where TFixture : ThreadStoreFixture, new()
{
    private readonly TFixture _fixture = new();

    protected IThreadStore Store { get; private set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Store = await _fixture.Open();

    public async ValueTask DisposeAsync()
    {
        await _fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected Task Close() => _fixture.Close();

    protected async Task Reopen()
    {
        await Close();
        Store = await _fixture.Open();
    }
}
