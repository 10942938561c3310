using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Contract;

/// <summary>One database of the test's own, and the store on it.</summary>
public abstract class ThreadStoreFixture : IAsyncDisposable
{
    /// <summary>Opens the store; again after <see cref="Close"/>, on the same data.</summary>
    public abstract Task<IThreadStore> Open();

    public abstract Task Close();

    public abstract ValueTask DisposeAsync();
}
