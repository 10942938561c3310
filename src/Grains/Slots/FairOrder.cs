namespace CodexOrleans.Grains.Slots;

/// <summary>
/// The order in which waiting turns get slots: first the user with the fewest running turns, among equals the user whose last slot was
/// longest ago, and of that user the oldest turn. Not thread-safe.
/// </summary>
internal sealed class FairOrder
{
    private readonly Dictionary<string, long> _served = [];
    private long _clock;

    /// <summary>Records that a waiting turn of <paramref name="user"/> has got a slot.</summary>
    public void RecordSlot(string user) => _served[user] = ++_clock;

    /// <summary>Removes users without waiting turns; their next turn counts as that of a new user.</summary>
    public void ForgetAllBut(IReadOnlyCollection<string> waiting)
    {
        if (_served.Count <= waiting.Count)
            return;
        foreach (var user in _served.Keys.Except(waiting).ToList())
            _served.Remove(user);
    }

    /// <summary>Calls <paramref name="assign"/> for the waiting turns in fair order, while <paramref name="more"/> is true.</summary>
    /// <param name="waiting">Each user's waiting turns, oldest first.</param>
    /// <param name="running">Number of running turns by user; an absent user has none.</param>
    /// <param name="more">Whether a free slot is left.</param>
    /// <param name="assign">Gives the turn a slot if one of the free ones suits it; true when it did.</param>
    public void Assign(
        IEnumerable<IReadOnlyList<QueuedTurn>> waiting,
        IReadOnlyDictionary<string, int> running,
        Func<bool> more,
        Func<QueuedTurn, bool> assign)
    {
        var clock = _clock;
        var users = new PriorityQueue<
            (IReadOnlyList<QueuedTurn> Turns, int Next, int Running, long Served),
            (int Running, long Served, long Since)>();
        foreach (var turns in waiting)
        {
            if (turns.Count > 0)
                Enqueue(turns, 0, running.GetValueOrDefault(turns[0].User), _served.GetValueOrDefault(turns[0].User));
        }

        while (more() && users.TryDequeue(out var user, out _))
        {
            var served = assign(user.Turns[user.Next]);
            if (user.Next + 1 < user.Turns.Count)
                Enqueue(user.Turns, user.Next + 1, served ? user.Running + 1 : user.Running, served ? ++clock : user.Served);
        }

        void Enqueue(IReadOnlyList<QueuedTurn> turns, int next, int count, long served) =>
            users.Enqueue((turns, next, count, served), (count, served, turns[next].Since));
    }
}

/// <summary>A turn that waits for a slot.</summary>
/// <param name="Ticket">Its id in the queue.</param>
/// <param name="User">The user who asked for it.</param>
/// <param name="Since">When it began to wait, in milliseconds of the holder's clock.</param>
/// <param name="Anywhere">Whether it may run on another silo than the one where it waits.</param>
internal readonly record struct QueuedTurn(Guid Ticket, string User, long Since, bool Anywhere);
