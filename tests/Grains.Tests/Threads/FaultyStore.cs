using CodexOrleans.Storage;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>The real store behind a switch: while it is off, every commit fails as on a full disk.</summary>
internal sealed class FaultyStore(IThreadStore store) : IThreadStore
{
    private volatile Fault? _fault;
    private int _failingReads;

    /// <summary>The next pages that are read from the log cannot be.</summary>
    public void FailNextReads(int pages) => Volatile.Write(ref _failingReads, pages);

    /// <summary>Commits, or only those of one thread, fail until <see cref="Repair"/>. The task completes at the first failed commit.</summary>
    public Task Break(Guid? thread = null)
    {
        var fault = new Fault(thread, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _fault = fault;
        return fault.Failed.Task.WaitAsync(ScriptedEngine.Patience);
    }

    public void Repair() => _fault = null;

    public ValueTask<CommitResult> Commit(ThreadCommit commit)
    {
        if (_fault is not { } fault || (fault.Thread is { } thread && thread != commit.ThreadId))
            return store.Commit(commit);
        fault.Failed.TrySetResult();
        throw new StorageException(StorageFault.DiskFull, "The disk is full, says the test.");
    }

    public ValueTask<CommitResult> Delete(Guid threadId, long generation) => store.Delete(threadId, generation);

    public ValueTask CheckHealth(CancellationToken cancellationToken = default) => store.CheckHealth(cancellationToken);

    public ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default) => store.ReadThread(threadId, cancellationToken);

    public ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default) => store.ReadTurn(turnId, cancellationToken);

    public ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default) =>
        store.ReadTurns(threadId, limit, before, cancellationToken);

    public ValueTask<IReadOnlyList<LogChunk>> ReadChunks(Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default) =>
        Interlocked.Decrement(ref _failingReads) >= 0
            ? throw new StorageException(StorageFault.Other, "The log cannot be read, says the test.")
            : store.ReadChunks(threadId, afterSeq, maxBytes, cancellationToken);

    public ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken = default) => store.ReadRunningTurns(cancellationToken);

    private sealed record Fault(Guid? Thread, TaskCompletionSource Failed);
}
