using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Storage.Log.Commits;

/// <summary>The way of commits into one database: a bounded queue, and the one writer behind it.</summary>
internal sealed class GroupCommit
{
    private readonly TimeSpan _retryFor;
    private readonly TimeProvider _time;
    private readonly CommitQueue _queue;
    private readonly GroupCommitWriter _writer;

    public GroupCommit(
        ICommitDatabase database, TimeSpan retryFor, TimeProvider time, ILogger logger, CommitQueueLimits limits, IMeterFactory? meters)
    {
        _retryFor = retryFor;
        _time = time;
        _queue = new CommitQueue(limits);
        _writer = new GroupCommitWriter(database, _queue, meters is null ? null : new CommitMetrics(meters, _queue), time, logger);
    }

    public void Start() => _writer.Start();

    /// <inheritdoc cref="IThreadStore.Commit"/>
    public Task<CommitResult> Commit(ThreadCommit commit)
    {
        commit.Validate();
        return Enqueue(new PendingCommit(commit, Deadline(_retryFor)));
    }

    public Task<CommitResult> Delete(ThreadDeletion deletion) =>
        Enqueue(new PendingCommit(null, Deadline(_retryFor)) { Deletion = deletion });

    /// <inheritdoc cref="IBrowserSessionStore.EndSession"/>
    public Task EndSession(EndedSession session) => Enqueue(new PendingCommit(null, Deadline(_retryFor)) { Session = session });

    /// <summary>Shows that the database can be written now. It waits behind what is being written.</summary>
    /// <exception cref="StorageException">It cannot.</exception>
    public Task Probe() => Enqueue(new PendingCommit(null, Deadline(TimeSpan.Zero)));

    /// <summary>Shows that commits are not being tried again, which a <see cref="Probe"/> would only wait behind.</summary>
    /// <exception cref="StorageException">They are.</exception>
    public void EnsureNotRetrying()
    {
        if (_writer.Retrying is { } fault)
            throw new StorageException(fault.Fault, fault.Message, fault);
    }

    /// <summary>Refuses all further commits. Those that wait may still be written.</summary>
    public void Refuse() => _queue.Close();

    /// <summary>Completes when, after <see cref="Refuse"/>, everything has been answered.</summary>
    public Task Ended => _writer.Ended;

    private Task<CommitResult> Enqueue(PendingCommit pending)
    {
        _queue.Add(pending);
        return pending.Task;
    }

    private long Deadline(TimeSpan patience) => _time.GetTimestamp() + (long)(patience.TotalSeconds * _time.TimestampFrequency);
}
