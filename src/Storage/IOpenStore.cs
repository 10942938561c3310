using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage;

/// <summary>A store that the host opens before all else and closes after all else.</summary>
public interface IOpenStore : IThreadStore, IBrowserSessionStore, IAsyncDisposable
{
    /// <summary>Makes the database ready, brings its schema up to date and shows that it can be written. Call once.</summary>
    /// <exception cref="StorageException">
    /// It cannot be used; what may pass by itself is tried again for <see cref="StorageOptions.RetryFor"/>.
    /// </exception>
    Task Open(CancellationToken cancellationToken = default);
}
