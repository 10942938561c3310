namespace CodexOrleans.Grains.Slots;

/// <summary>
/// Who is next: of the users with a turn waiting the one with the fewest turns running, of several such the one who got a slot longest
/// ago, and of that user's turns the oldest. Not safe for use by several threads.
/// </summary>
internal sealed class FairOrder
{
    private readonly Dictionary<string, long> _served = [];
    private long _clock;

    /// <summary>Takes note that a turn of <paramref name="user"/> that waited has got a slot.</summary>
    public void Serve(string user) => _served[user] = ++_clock;

    /// <summary>Forgets those of whom no turn waits: their next one is served as that of somebody new.</summary>
    public void ForgetAllBut(IReadOnlyCollection<string> waiting)
    {
        if (_served.Count <= waiting.Count)
            return;
        foreach (var user in _served.Keys.Except(waiting).ToList())
            _served.Remove(user);
    }

    /// <summary>Goes through what waits in fair order, as long as <paramref name="more"/> says so.</summary>
    /// <param name="waiting">Each user's waiting turns, oldest first.</param>
    /// <param name="running">Turns that each user has running; a user who is not in it has none.</param>
    /// <param name="more">Whether a slot is left.</param>
    /// <param name="serve">Gives the turn a slot if one of the free ones suits it; true when it did.</param>
    public void Visit(
        IEnumerable<IReadOnlyList<QueuedTurn>> waiting, IReadOnlyDictionary<string, int> running, Func<bool> more, Func<QueuedTurn, bool> serve)
    {
        var clock = _clock;
        var users = new PriorityQueue<(IReadOnlyList<QueuedTurn> Turns, int Next, int Running, long Served), (int Running, long Served, long Since)>();
        foreach (var turns in waiting)
        {
            if (turns.Count > 0)
                Enqueue(turns, 0, running.GetValueOrDefault(turns[0].User), _served.GetValueOrDefault(turns[0].User));
        }

        while (more() && users.TryDequeue(out var user, out _))
        {
            var served = serve(user.Turns[user.Next]);
            if (user.Next + 1 < user.Turns.Count)
                Enqueue(user.Turns, user.Next + 1, served ? user.Running + 1 : user.Running, served ? ++clock : user.Served);
        }

        void Enqueue(IReadOnlyList<QueuedTurn> turns, int next, int count, long served) =>
            users.Enqueue((turns, next, count, served), (count, served, turns[next].Since));
    }
}

/// <summary>A turn that waits for a slot.</summary>
/// <param name="Ticket">Its name in the queue.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Since">When it began to wait, in milliseconds of the clock of whoever holds this.</param>
/// <param name="Anywhere">Whether it may run on another silo than the one where it waits.</param>
internal readonly record struct QueuedTurn(Guid Ticket, string User, long Since, bool Anywhere);
