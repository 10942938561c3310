using System.Collections.Concurrent;

namespace CodexOrleans.Storage.Sqlite;

/// <summary>
/// The tails of all threads. The writer changes them as it changes the database, in transactions; readers see what is committed. A
/// reader takes the tail first and then reads the database, which has at least what the tail does not.
/// </summary>
internal sealed class ThreadTails
{
    private readonly ConcurrentDictionary<Guid, ThreadTail> _committed = new();

    // The writer's open transaction; null is a tail that has gone into the index.
    private readonly Dictionary<Guid, ThreadTail?> _changed = [];
    private bool _cleared;

    /// <summary>A thread's tail, or null when its chunks are all in the index.</summary>
    public ThreadTail? Committed(Guid thread) => _committed.GetValueOrDefault(thread);

    /// <summary>A thread's tail as the open transaction has it.</summary>
    public ThreadTail? Current(Guid thread) =>
        _changed.TryGetValue(thread, out var tail) ? tail : _cleared ? null : _committed.GetValueOrDefault(thread);

    /// <summary>All tails as the open transaction has them.</summary>
    public List<KeyValuePair<Guid, ThreadTail>> AllCurrent()
    {
        var all = _cleared ? [] : new Dictionary<Guid, ThreadTail>(_committed);
        foreach (var (thread, tail) in _changed)
        {
            if (tail is null)
                all.Remove(thread);
            else
                all[thread] = tail;
        }

        return [.. all];
    }

    /// <summary>Changes a thread's tail in the open transaction.</summary>
    public void Set(Guid thread, ThreadTail? tail) => _changed[thread] = tail;

    /// <summary>Forgets all tails in the open transaction: their chunks have gone into the index.</summary>
    public void Clear()
    {
        _changed.Clear();
        _cleared = true;
    }

    /// <summary>The transaction is on disk.</summary>
    public void Commit()
    {
        if (_cleared)
            _committed.Clear();
        foreach (var (thread, tail) in _changed)
        {
            if (tail is null)
                _committed.TryRemove(thread, out _);
            else
                _committed[thread] = tail;
        }

        Rollback();
    }

    /// <summary>The transaction never was.</summary>
    public void Rollback()
    {
        _changed.Clear();
        _cleared = false;
    }
}
