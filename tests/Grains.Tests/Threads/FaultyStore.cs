using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>The real store behind a switch: while it is off, every commit fails as on a full disk.</summary>
internal sealed class FaultyStore(IThreadStore store) : IThreadStore
{
    private readonly ConcurrentQueue<ThreadCommit> _passed = new();
    private volatile Fault? _fault;
    private int _failingReads;
    private StrongBox<Guid>? _lostAnswer;
    private StrongBox<Guid>? _fenced;

    /// <summary>Commits that the real store was given, in order.</summary>
    public IReadOnlyCollection<ThreadCommit> Passed => _passed;

    /// <summary>No thread's row can be read while set.</summary>
    public bool Unreadable { get; set; }

    /// <summary>The next pages that are read from the log cannot be.</summary>
    public void FailNextReads(int pages) => Volatile.Write(ref _failingReads, pages);

    /// <summary>The next commit of a thread is stored, and its author hears that it failed.</summary>
    public void LoseNextAnswer(Guid thread) => _lostAnswer = new(thread);

    /// <summary>The next commit of a thread is refused as if another owner had it.</summary>
    public void FenceNext(Guid thread) => _fenced = new(thread);

    /// <summary>Commits, or only those of one thread, fail until <see cref="Repair"/>. The task completes with the first that failed.</summary>
    public Task<ThreadCommit> Break(Guid? thread = null)
    {
        var fault = new Fault(thread, new(TaskCreationOptions.RunContinuationsAsynchronously));
        _fault = fault;
        return fault.Failed.Task.WaitAsync(ScriptedEngine.Patience);
    }

    public void Repair() => _fault = null;

    public async ValueTask<CommitResult> Commit(ThreadCommit commit)
    {
        if (Takes(ref _fenced, commit))
            return CommitResult.Fenced;
        if (Takes(ref _lostAnswer, commit))
        {
            await store.Commit(commit);
            throw new StorageException(StorageFault.Other, "The answer is lost, says the test.");
        }

        if (_fault is not { } fault || (fault.Thread is { } thread && thread != commit.ThreadId))
        {
            _passed.Enqueue(commit);
            return await store.Commit(commit);
        }

        fault.Failed.TrySetResult(commit);
        throw new StorageException(StorageFault.DiskFull, "The disk is full, says the test.");
    }

    public ValueTask<CommitResult> Delete(Guid threadId, long generation) => store.Delete(threadId, generation);

    public ValueTask CheckHealth(CancellationToken cancellationToken = default) => store.CheckHealth(cancellationToken);

    public ValueTask<ThreadRecord?> ReadThread(Guid threadId, CancellationToken cancellationToken = default)
    {
        if (Unreadable)
            throw new StorageException(StorageFault.Unreachable, "The log cannot be read, says the test.");
        return store.ReadThread(threadId, cancellationToken);
    }

    public ValueTask<TurnRecord?> ReadTurn(Guid turnId, CancellationToken cancellationToken = default) => store.ReadTurn(turnId, cancellationToken);

    public ValueTask<IReadOnlyList<TurnRecord>> ReadTurns(Guid threadId, int limit, long? before = null, CancellationToken cancellationToken = default) =>
        store.ReadTurns(threadId, limit, before, cancellationToken);

    public ValueTask<IReadOnlyList<LogChunk>> ReadChunks(Guid threadId, long afterSeq, int maxBytes, CancellationToken cancellationToken = default) =>
        Interlocked.Decrement(ref _failingReads) >= 0
            ? throw new StorageException(StorageFault.Other, "The log cannot be read, says the test.")
            : store.ReadChunks(threadId, afterSeq, maxBytes, cancellationToken);

    public ValueTask<IReadOnlyList<TurnRecord>> ReadRunningTurns(CancellationToken cancellationToken = default) => store.ReadRunningTurns(cancellationToken);

    private static bool Takes(ref StrongBox<Guid>? which, ThreadCommit commit)
    {
        if (which is not { } box || box.Value != commit.ThreadId)
            return false;
        return Interlocked.CompareExchange(ref which, null, box) == box;
    }

    private sealed record Fault(Guid? Thread, TaskCompletionSource<ThreadCommit> Failed);
}
