
namespace CodexOrleans.Storage.Log.Commits;

/// <summary>
/// A commit on its way to the disk, and the promise its caller awaits. What the caller does next runs on the writer's thread unless
/// the caller has a scheduler: an event is published without a change of threads. A deletion, the end of a session, or a health probe
/// (none of these) has no such hurry: its caller continues elsewhere.
/// </summary>
internal sealed class PendingCommit(ThreadCommit? commit, long deadline)
    : TaskCompletionSource<CommitResult>(commit is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None)
{
    public ThreadCommit? Commit { get; } = commit;

    /// <summary>A thread to delete, instead of a commit.</summary>
    public ThreadDeletion? Deletion { get; init; }

    /// <summary>A browser session that has ended, instead of a commit.</summary>
    public EndedSession? Session { get; init; }

    /// <summary>The thread that it changes; null when it changes none.</summary>
    public Guid? ThreadId => Commit?.ThreadId ?? Deletion?.ThreadId;

    public long Size { get; } = commit?.Size ?? 0;

    /// <summary>Timestamp after which a fault is reported instead of retried.</summary>
    public long Deadline { get; } = deadline;

    /// <summary>What the transaction will mean for the caller, if it commits.</summary>
    public CommitResult Outcome { get; set; }
}
