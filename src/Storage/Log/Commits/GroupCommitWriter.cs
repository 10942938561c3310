using Microsoft.Extensions.Logging;

namespace CodexOrleans.Storage.Log.Commits;

/// <summary>
/// The one writer: a thread that takes whatever waits, writes it in one transaction and answers each caller. No timer: an idle
/// log costs nothing, and under load the next group gathers while the last one is written.
/// </summary>
internal sealed partial class GroupCommitWriter
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan _longestPause = TimeSpan.FromMilliseconds(500);

    private readonly ICommitDatabase _database;
    private readonly CommitQueue _queue;
    private readonly CommitMetrics? _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IWriteSession? _session;
    private volatile StorageException? _retrying;
    private bool _faulty;

    public GroupCommitWriter(ICommitDatabase database, CommitQueue queue, CommitMetrics? metrics, TimeProvider time, ILogger logger)
    {
        _database = database;
        _queue = queue;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Why the commits at hand are being tried again, or null.</summary>
    public StorageException? Retrying => _retrying;

    /// <summary>Completes when the queue is closed and everything in it has been answered.</summary>
    public Task Ended => _ended.Task;

    public void Start() => new Thread(Run) { Name = "Log writer", IsBackground = true }.Start();

    private void Run()
    {
        var group = new List<PendingCommit>();
        while (Next(group))
        {
            Write(group);
            group.Clear();
            _retrying = null;
        }

        Finish();
        DropSession();
        _ended.SetResult();
    }

    private void Finish()
    {
        try
        {
            _session?.Finish();
        }
        catch (Exception e)
        {
            // All commits are on disk; what is left undone the next start does.
            LogNotFinished(_logger, e);
        }
    }

    private void Write(List<PendingCommit> group)
    {
        var pause = _firstPause;
        var most = int.MaxValue;
        while (group.Count > 0)
        {
            var part = group.Count <= most ? group : group.GetRange(0, most);
            var batch = BatchTrace.Start(part);
            var begin = _metrics is { Timed: true } ? _time.GetTimestamp() : 0;
            try
            {
                _session ??= _database.OpenSession();
                _session.Write(part, _time.GetUtcNow().ToUnixTimeMilliseconds());
            }
            catch (Exception e)
            {
                if (batch is not null)
                    BatchTrace.Fail(batch, _database.ToStorageException(e).Fault);
                // Whatever it was, the thread must live: every caller waits for its answer.
                var culprit = part is [var only] ? only : _session?.Culprit;
                if (_database.BreaksConnection(e))
                    DropSession();
                else
                    Rollback();
                if (_database.IsCausedByCommit(e))
                {
                    // One that cannot be written must not keep the others from it, so that it is looked for by halves.
                    most = culprit is null ? part.Count / 2 : int.MaxValue;
                    if (culprit is not null)
                        Fail(group, culprit, Refusal(culprit, e));
                }
                else if (_database.IsLockTimeout(e) && PutAside(group, culprit, e))
                {
                    _metrics?.Failed(_lockFault!.Fault);
                    _metrics?.Retried();
                }
                else if (HandleFault(group, e))
                {
                    _metrics?.Retried();
                    Thread.Sleep(pause);
                    pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, _longestPause.Ticks));
                }

                continue;
            }

            if (_faulty)
            {
                _faulty = false;
                LogRecovered(_logger);
            }

            // Before the callers go on, some of them on this thread.
            BatchTrace.Stop(batch, part);
            _metrics?.Committed(part, begin == 0 ? default : _time.GetElapsedTime(begin));
            foreach (var pending in part)
                pending.SetResult(pending.Outcome);
            group.RemoveRange(0, part.Count);
            most = int.MaxValue;
            _session.AfterGroup();
        }
    }

    /// <summary>What the caller of a commit that can never be written is told.</summary>
    private Exception Refusal(PendingCommit culprit, Exception e) =>
        // The store's own says already which commit it is.
        e.GetType() == typeof(ArgumentException) ? e : culprit.Commit?.Invalid(e.Message, e) ?? (Exception)_database.ToStorageException(e);

    /// <summary>Answers those for whom it is too late. True when the rest is to be tried again.</summary>
    private bool HandleFault(List<PendingCommit> group, Exception e)
    {
        var fault = _database.ToStorageException(e);
        var transient = _database.IsTransient(e);
        _metrics?.Failed(fault.Fault);
        if (!_faulty)
            LogFault(_logger, fault.Fault, transient, e);
        _faulty = true;

        var now = _time.GetTimestamp();
        foreach (var late in group.Where(pending => !transient || now >= pending.Deadline).ToList())
            Fail(group, late, fault);

        if (group.Count > 0)
        {
            _retrying = fault;
            return true;
        }

        // A new connection heals what this one cannot, such as a file that was replaced.
        DropSession();
        return false;
    }

    /// <summary>
    /// Answers one caller, and those of the same thread behind it: they build on a head that was not reached, and would look as if
    /// another owner had taken the thread.
    /// </summary>
    private void Fail(List<PendingCommit> group, PendingCommit failed, Exception e)
    {
        if (!group.Remove(failed))
            return;
        List<PendingCommit> all = [failed];
        if (failed.Commit is { } commit)
        {
            all.AddRange(group.Where(pending => pending.Commit?.ThreadId == commit.ThreadId));
            group.RemoveAll(all.Contains);
            all.AddRange(_queue.TakeThread(commit.ThreadId));
        }

        // Not before all are found: what a caller commits when it hears of the failure, on this thread, is not behind it.
        foreach (var pending in all)
            pending.TrySetException(e);
    }

    private void Rollback()
    {
        try
        {
            _session?.Rollback();
        }
        catch (Exception e)
        {
            // Closing the connection undoes the transaction as well.
            LogRollbackFailed(_logger, e);
            DropSession();
        }
    }

    private void DropSession()
    {
        try
        {
            _session?.Dispose();
        }
        catch (Exception e)
        {
            LogRollbackFailed(_logger, e);
        }

        _session = null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log cannot be written: {Fault}. Tried again: {Transient}.")]
    private static partial void LogFault(ILogger logger, StorageFault fault, bool transient, Exception e);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log could not be put in order at its end; the next start does that.")]
    private static partial void LogNotFinished(ILogger logger, Exception e);

    [LoggerMessage(Level = LogLevel.Information, Message = "The log can be written again.")]
    private static partial void LogRecovered(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The writer's connection was given up after a failed rollback or close.")]
    private static partial void LogRollbackFailed(ILogger logger, Exception e);
}
