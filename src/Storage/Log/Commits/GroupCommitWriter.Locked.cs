using Microsoft.Extensions.Logging;

namespace CodexOrleans.Storage.Log.Commits;

/// <summary>
/// Commits whose rows somebody else holds, such as a node that was lost in the middle of a transaction, wait aside: one thread's rows hold
/// up no other thread. What comes for the same thread waits behind them.
/// </summary>
internal sealed partial class GroupCommitWriter
{
    /// <summary>Time between two looks at whether rows are free again.</summary>
    private static readonly TimeSpan _lookPause = TimeSpan.FromMilliseconds(250);

    private readonly List<PendingCommit> _locked = [];
    private StorageException? _lockFault;
    private long _looked;

    /// <summary>Waits for commits, also those that are aside. False when there will be no more.</summary>
    private bool Next(List<PendingCommit> group)
    {
        if (!_queue.Take(group, _locked.Count > 0 ? _lookPause : Timeout.InfiniteTimeSpan))
        {
            if (_locked.Count == 0)
                return false;
            Thread.Sleep(_lookPause);
        }

        if (_locked.Count > 0)
        {
            WaitBehind(group);
            if (_time.GetElapsedTime(_looked) >= _lookPause)
                Look(group);
        }

        return true;
    }

    /// <summary>Puts those aside that cannot have their rows now. False when there is none: then the fault is another one.</summary>
    private bool PutAside(List<PendingCommit> group, PendingCommit? culprit, Exception e)
    {
        var threads = FindLocked(group);
        // A new thread has no row yet that could be looked at.
        if (threads is not null && culprit?.Commit is { Claim: true, Generation: 1 } begin)
            threads.Add(begin.ThreadId);
        if (threads is not { Count: > 0 })
            return false;
        if (_locked.Count == 0)
            LogLocked(_logger, threads.Count, e);
        _lockFault = _database.ToStorageException(e);
        _looked = _time.GetTimestamp();
        Move(group, _locked, threads);
        return true;
    }

    /// <summary>What is new for the threads of those aside goes behind them.</summary>
    private void WaitBehind(List<PendingCommit> group) => Move(group, _locked, [.. _locked.Select(pending => pending.ThreadId!.Value)]);

    /// <summary>Answers those for whom it is too late, and takes back those whose rows are free.</summary>
    private void Look(List<PendingCommit> group)
    {
        var now = _time.GetTimestamp();
        foreach (var late in _locked.Where(pending => now >= pending.Deadline).ToList())
            Fail(_locked, late, _lockFault!);
        if (_locked.Count > 0 && FindLocked(_locked) is { } threads)
        {
            var free = new List<PendingCommit>();
            Move(_locked, free, [.. _locked.Select(pending => pending.ThreadId!.Value).Where(thread => !threads.Contains(thread))]);
            group.InsertRange(0, free);
        }

        _looked = _time.GetTimestamp();
    }

    /// <summary>Threads of a group whose rows others hold; null when it cannot be found out.</summary>
    private HashSet<Guid>? FindLocked(List<PendingCommit> group)
    {
        try
        {
            _session ??= _database.OpenSession();
            return [.. _session.FindLocked([.. group.Select(pending => pending.ThreadId).OfType<Guid>().Distinct()])];
        }
        catch (Exception e)
        {
            LogLookFailed(_logger, e);
            DropSession();
            return null;
        }
    }

    private static void Move(List<PendingCommit> from, List<PendingCommit> to, HashSet<Guid> threads)
    {
        to.AddRange(from.Where(OfThem));
        from.RemoveAll(OfThem);

        bool OfThem(PendingCommit pending) => pending.ThreadId is { } thread && threads.Contains(thread);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another session of the database holds the rows of {Threads} threads. " +
        "Their commits wait, the others go on.")]
    private static partial void LogLocked(ILogger logger, int threads, Exception e);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Whether rows of threads are locked could not be found out now.")]
    private static partial void LogLookFailed(ILogger logger, Exception e);
}
