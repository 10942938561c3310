namespace CodexOrleans.Storage.Log.Commits;

/// <summary>
/// Commits that wait for the writer, first in first out. A monitor rather than a channel: the writer is a thread, and a wait in a
/// channel from a thread measured more than twice the CPU per event.
/// </summary>
internal sealed class CommitQueue(CommitQueueLimits limits)
{
    private readonly object _gate = new();
    private Queue<PendingCommit> _waiting = new();
    private long _bytes;
    private bool _writerWaits;
    private bool _closed;

    /// <summary>Commits that wait now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <exception cref="StorageException">The queue is full or closed.</exception>
    public void Add(PendingCommit pending)
    {
        lock (_gate)
        {
            if (_closed)
                throw new StorageException(StorageFault.Closed, "The log has been closed: the server is shutting down.");
            // One commit of any size passes when nothing waits.
            if (_waiting.Count >= limits.Count || (_waiting.Count > 0 && _bytes + pending.Size > limits.Bytes))
                throw new StorageException(StorageFault.Overloaded, $"The log cannot keep up: {_waiting.Count} commits with {_bytes} " +
                    "bytes wait to be written. Look at the disk, or run fewer turns at once with Codex:MaxConcurrentTurns.");
            _waiting.Enqueue(pending);
            _bytes += pending.Size;
            if (_writerWaits)
                Monitor.Pulse(_gate);
        }
    }

    /// <summary>
    /// Waits for commits and takes the first ones, as many as fit one transaction: none if none came within <paramref name="patience"/>.
    /// False once closed and empty.
    /// </summary>
    public bool Take(List<PendingCommit> group, TimeSpan patience)
    {
        lock (_gate)
        {
            var late = false;
            while (_waiting.Count == 0)
            {
                if (_closed)
                    return false;
                if (late)
                    return true;
                _writerWaits = true;
                late = !Monitor.Wait(_gate, patience);
                _writerWaits = false;
            }

            long bytes = 0;
            while (group.Count < limits.GroupCount && _waiting.TryPeek(out var next)
                && (group.Count == 0 || bytes + next.Size <= limits.GroupBytes))
            {
                bytes += next.Size;
                group.Add(_waiting.Dequeue());
            }

            _bytes -= bytes;
            return true;
        }
    }

    /// <summary>Removes what waits for one thread.</summary>
    public List<PendingCommit> TakeThread(Guid threadId)
    {
        lock (_gate)
        {
            var taken = _waiting.Where(pending => pending.Commit?.ThreadId == threadId).ToList();
            if (taken.Count > 0)
            {
                _waiting = new Queue<PendingCommit>(_waiting.Except(taken));
                _bytes -= taken.Sum(pending => pending.Size);
            }

            return taken;
        }
    }

    /// <summary>Lets the writer finish what waits, and refuses all else.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }
}

/// <summary>Bounds of the queue and of one transaction.</summary>
/// <param name="Count">Commits that may wait. Callers await each commit and so wait themselves; this stops those who do not.</param>
/// <param name="Bytes">Bytes of log that may wait.</param>
/// <param name="GroupCount">Commits in one transaction.</param>
/// <param name="GroupBytes">Bytes in one transaction: more would only make the first in it wait longer.</param>
internal sealed record CommitQueueLimits(int Count = 65_536, long Bytes = 512L << 20, int GroupCount = 4096, long GroupBytes = 16L << 20);
