namespace CodexOrleans.Storage;

/// <summary>The durable log of all threads. One implementation per database, the same specs for each.</summary>
public interface IThreadStore : IThreadReader
{
    /// <summary>
    /// Applies one commit: all of it or nothing, on disk when the call returns. Commits that wait at the same time share one
    /// database transaction (group commit); commits of one thread keep their order.
    /// </summary>
    /// <remarks>
    /// Without a scheduler of its own the caller continues on the thread that writes the log: it must be quick there, and never block.
    /// </remarks>
    /// <returns>Whether it was applied, or refused because another owner has claimed the thread since (nothing is written then).</returns>
    /// <exception cref="ArgumentException">The commit contradicts itself or the stored turns; nothing is written.</exception>
    /// <exception cref="StorageException">
    /// The database could not be written although transient faults were retried; nothing is written. Commits of the same thread that
    /// already wait behind this one fail with it, since each builds on the one before.
    /// </exception>
    ValueTask<CommitResult> Commit(ThreadCommit commit);

    /// <summary>Shows that the database can be read and written now.</summary>
    /// <exception cref="StorageException">It cannot; the message says why and what to do.</exception>
    ValueTask CheckHealth(CancellationToken cancellationToken = default);
}

/// <summary>Outcome of <see cref="IThreadStore.Commit"/>.</summary>
public enum CommitResult
{
    Committed,

    /// <summary>The generation or the head did not match: another activation owns the thread. Stop the process and let go.</summary>
    Fenced,
}
