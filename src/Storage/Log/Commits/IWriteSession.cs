namespace CodexOrleans.Storage.Log.Commits;

/// <summary>The writer's connection to one database. One thread uses it.</summary>
internal interface IWriteSession : IDisposable
{
    /// <summary>
    /// The commit that the last <see cref="Write"/> could not apply, or null when none was at fault or nobody knows which.
    /// </summary>
    PendingCommit? Culprit { get; }

    /// <summary>
    /// Applies all of a group in one transaction, in order, and notes each one's <see cref="PendingCommit.Outcome"/>. What it throws has
    /// undone nothing yet: <see cref="Rollback"/> follows.
    /// </summary>
    /// <param name="now">Unix milliseconds, UTC.</param>
    void Write(IReadOnlyList<PendingCommit> group, long now);

    /// <summary>Those threads whose rows others hold now. Waits for none of them.</summary>
    IReadOnlyCollection<Guid> FindLocked(Guid[] threads);

    /// <summary>Undoes a transaction that failed, unless the database did so already.</summary>
    void Rollback();

    /// <summary>Called between two groups, when the callers of the first have been answered.</summary>
    void AfterGroup();

    /// <summary>Called when no further group will come.</summary>
    void Finish();
}

/// <summary>How to reach one database, and what its errors mean.</summary>
internal interface ICommitDatabase
{
    IWriteSession OpenSession();

    /// <summary>May go away by itself, so the same commits are worth another try.</summary>
    bool IsTransient(Exception e);

    /// <summary>A commit is at fault, not the database.</summary>
    bool IsCausedByCommit(Exception e);

    /// <summary>The rows of some thread were held by others for too long. What holds all of the database is another fault.</summary>
    bool IsLockTimeout(Exception e);

    /// <summary>The connection may be used no further; another one is opened for the next try.</summary>
    bool BreaksConnection(Exception e);

    StorageException ToStorageException(Exception e);
}
