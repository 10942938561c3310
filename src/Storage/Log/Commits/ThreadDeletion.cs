namespace CodexOrleans.Storage.Log.Commits;

/// <summary>A thread to delete, if this is its owner's generation.</summary>
internal sealed record ThreadDeletion(Guid ThreadId, long Generation)
{
    /// <summary>What one transaction may delete beside everybody's commits: about as much as one may write.</summary>
    public const int MaxChunks = 1024;

    private const long MaxBytes = 16L << 20;

    /// <exception cref="InvalidOperationException">A thread of this size is not deleted at once.</exception>
    public void CheckSize(long chunks, long bytes)
    {
        if (chunks > MaxChunks || bytes > MaxBytes)
            throw new InvalidOperationException($"Thread {ThreadId} is too large to be deleted at once: " +
                $"it has more than {MaxChunks} chunks or {MaxBytes >> 20} MiB. Nothing was deleted.");
    }
}
