using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// A few read-only connections. With a write-ahead log each reads a snapshot, and neither waits for the writer nor makes it wait.
/// Reads run on the caller's thread: by index from the page cache they are shorter than a change of threads.
/// </summary>
internal sealed class ReaderPool(SqliteDatabase database) : IAsyncDisposable
{
    private readonly int _size = Math.Clamp(Environment.ProcessorCount, 2, 8);
    private readonly SemaphoreSlim _free = new(0);
    private readonly ConcurrentBag<ReadSession> _idle = [];
    private readonly CancellationTokenSource _closed = new();

    /// <summary>Lets reads begin; until then they wait.</summary>
    public void Start() => _free.Release(_size);

    /// <exception cref="StorageException">The database cannot be read, or the pool is closed.</exception>
    public async ValueTask<T> Read<T>(Func<ReadSession, T> read, CancellationToken cancellationToken)
    {
        if (_closed.IsCancellationRequested)
            throw Closed();
        if (!_free.Wait(0, cancellationToken))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
            try
            {
                await _free.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (_closed.IsCancellationRequested)
            {
                throw Closed();
            }
        }

        ReadSession? session = null;
        try
        {
            if (!_idle.TryTake(out session))
                session = new ReadSession(database.OpenReader());
            var result = read(session);
            _idle.Add(session);
            return result;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            // The next read opens a new connection, which heals what this one cannot.
            session?.Dispose();
            throw SqliteFaults.ToStorageException(e, database);
        }
        finally
        {
            _free.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        for (var i = 0; i < _size; i++)
            await _free.WaitAsync();
        foreach (var session in _idle)
            session.Dispose();
    }

    private static StorageException Closed() => new(StorageFault.Closed, "The log has been closed: the server is shutting down.");
}
