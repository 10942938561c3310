namespace CodexOrleans.Storage.Log;

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
    /// The database could not be written although transient faults were retried. Commits of the same thread that already wait behind
    /// this one fail with it, since each builds on the one before. Nothing is written, unless a database server was lost before it
    /// answered: then nobody knows, and only the same object, committed again, is recognised and not written twice.
    /// </exception>
    ValueTask<CommitResult> Commit(ThreadCommit commit);

    /// <summary>
    /// Deletes a small thread in one commit: its row, its turns and its events. As a commit it is all of it or nothing. A thread of
    /// more than 1,024 chunks or 16 MiB is refused: in one transaction it would make every other thread's commits wait.
    /// </summary>
    /// <param name="generation">
    /// The owner's, as in <see cref="ThreadCommit.Generation"/>: who does not own the thread deletes nothing.
    /// </param>
    /// <returns>
    /// Whether it was deleted, or refused because there is no such thread, another owner has claimed it since, or a turn of it runs.
    /// </returns>
    /// <exception cref="InvalidOperationException">The thread is too large; nothing is deleted.</exception>
    /// <exception cref="StorageException">The database could not be read or written; nothing is deleted.</exception>
    ValueTask<CommitResult> Delete(Guid threadId, long generation);

    /// <summary>
    /// Shows that the database can be read and written now, or could be less than a second ago. May be called by anybody at any rate.
    /// </summary>
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
