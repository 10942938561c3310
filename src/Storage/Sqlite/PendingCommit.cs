namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// A commit on its way to the disk, and the promise its caller awaits. What the caller does next runs on the writer's thread unless
/// the caller has a scheduler: an event is published without a change of threads. Without a commit it is a health probe, whose caller
/// has no such hurry and continues elsewhere.
/// </summary>
internal sealed class PendingCommit(ThreadCommit? commit, long deadline)
    : TaskCompletionSource<CommitResult>(commit is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None)
{
    public ThreadCommit? Commit { get; } = commit;

    public long Size { get; } = commit?.Size ?? 0;

    /// <summary>Timestamp after which a fault is reported instead of retried.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>What the transaction will mean for the caller, if it commits.</summary>
    public CommitResult Outcome { get; set; }
}
