namespace CodexOrleans.Storage.Sqlite;

/// <summary>A commit on its way to the disk, and the promise its caller awaits. Without a commit it is a health probe.</summary>
internal sealed class PendingCommit(ThreadCommit? commit, long deadline)
    // The writer thread must not run callers' code.
    : TaskCompletionSource<CommitResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public ThreadCommit? Commit { get; } = commit;

    public long Size { get; } = commit?.Size ?? 0;

    /// <summary>Timestamp after which a fault is reported instead of retried.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>What the transaction will mean for the caller, if it commits.</summary>
    public CommitResult Outcome { get; set; }
}
