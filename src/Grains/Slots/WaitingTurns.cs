namespace CodexOrleans.Grains.Slots;

/// <summary>The turns that wait on this silo, by user. Not thread-safe.</summary>
internal sealed class WaitingTurns
{
    private readonly Dictionary<Guid, WaitingTurn> _byTicket = [];
    private readonly Dictionary<string, List<QueuedTurn>> _byUser = [];
    private readonly FairOrder _order = new();

    public int Count => _byTicket.Count;

    public void Add(WaitingTurn waiting)
    {
        var turn = waiting.Turn;
        _byTicket.Add(turn.Ticket, waiting);
        if (!_byUser.TryGetValue(turn.User, out var turns))
            _byUser[turn.User] = turns = [];
        // A turn that has waited on another silo keeps its place by the time it has waited.
        var place = turns.Count;
        while (place > 0 && turns[place - 1].Since > turn.Since)
            place--;
        turns.Insert(place, turn);
    }

    /// <summary>The first <paramref name="most"/> turns in fair order, as it is if each of them gets a slot.</summary>
    public List<QueuedTurn> First(int most, IReadOnlyDictionary<string, int> running)
    {
        var first = new List<QueuedTurn>();
        if (Count == 0)
            return first;
        _order.ForgetAllBut(_byUser.Keys);
        _order.Assign(_byUser.Values, running, () => first.Count < most, turn =>
        {
            first.Add(turn);
            return true;
        });
        return first;
    }

    /// <summary>Removes a turn that gets a slot; null when it no longer waits.</summary>
    public WaitingTurn? Dequeue(Guid ticket)
    {
        if (Remove(ticket) is not { } waiting)
            return null;
        _order.RecordSlot(waiting.Turn.User);
        return waiting;
    }

    public bool Remove(WaitingTurn waiting) => Remove(waiting.Turn.Ticket) is not null;

    public WaitingTurn? Remove(Guid ticket)
    {
        if (!_byTicket.Remove(ticket, out var waiting))
            return null;
        var turns = _byUser[waiting.Turn.User];
        turns.Remove(waiting.Turn);
        if (turns.Count == 0)
            _byUser.Remove(waiting.Turn.User);
        return waiting;
    }

    public List<WaitingTurn> RemoveAll(Predicate<WaitingTurn>? which = null)
    {
        var removed = _byTicket.Values.Where(waiting => which?.Invoke(waiting) ?? true).ToList();
        removed.ForEach(waiting => Remove(waiting));
        return removed;
    }

    /// <summary>
    /// Refuses the youngest waiting turn of the user with the most of them, so that no user fills the queue alone; false when
    /// <paramref name="user"/> would then have as many.
    /// </summary>
    public bool MakeRoomFor(string user)
    {
        if (_byUser.Count == 0)
            return false;
        var (most, turns) = _byUser.MaxBy(entry => entry.Value.Count);
        if (most == user || _byUser.GetValueOrDefault(user)?.Count + 1 >= turns.Count || turns.Count < 2)
            return false;
        Remove(turns[^1].Ticket)!.Offer(default);
        return true;
    }
}

/// <summary>A waiting turn and the answer it waits for.</summary>
internal sealed class WaitingTurn(QueuedTurn turn)
{
    private readonly TaskCompletionSource<SlotOffer> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public QueuedTurn Turn => turn;

    public Task<SlotOffer> Answer => _answer.Task;

    /// <summary>Call it only after the turn was removed from <see cref="WaitingTurns"/>, which happens once.</summary>
    public void Offer(SlotOffer offer) => _answer.SetResult(offer);
}
