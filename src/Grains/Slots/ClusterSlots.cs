namespace CodexOrleans.Grains.Slots;

/// <summary>
/// The slots and waiting turns of all silos, and the assignment of turns to slots. A slot on another silo is reserved first, and promised
/// to the turn only when that silo has confirmed it. A silo gets new orders only when its report has taken the last ones into account.
/// </summary>
internal sealed class ClusterSlots
{
    private readonly Dictionary<SiloAddress, Known> _silos = [];

    private readonly FairOrder _order = new();

    // Turns with a slot on another silo, from the order to reserve it until the reservation ends.
    private readonly Dictionary<Guid, Promise> _promises = [];

    /// <summary>Silos that have reported.</summary>
    public IReadOnlyCollection<SiloAddress> Silos => _silos.Keys;

    /// <summary>Whether any silo has a CLI.</summary>
    public bool AnyInstalled => _silos.Values.Any(silo => silo.Report.Installed);

    /// <summary>Stores a report; false when a later one of that silo is known already.</summary>
    /// <param name="now">The queue's clock, in milliseconds.</param>
    public bool Update(SiloReport report, long now)
    {
        var ordered = 0L;
        if (_silos.TryGetValue(report.Silo, out var known))
        {
            if (known.Report.Number >= report.Number)
                return false;
            ordered = known.Ordered;
        }

        _silos[report.Silo] = new Known(report, now, ordered);
        if (report.Answered < ordered)
            return true;
        foreach (var (ticket, promise) in _promises.Where(entry => entry.Value.At.Equals(report.Silo)).ToList())
        {
            if (!report.Held.Contains(ticket))
                _promises.Remove(ticket);
            else if (!promise.Kept)
                _promises[ticket] = promise with { Kept = true };
        }

        return true;
    }

    /// <summary>Removes a dead silo with its slots and waiting turns.</summary>
    public void Forget(SiloAddress silo)
    {
        _silos.Remove(silo);
        foreach (var ticket in _promises.Where(entry => entry.Value.At.Equals(silo)).Select(entry => entry.Key).ToList())
            _promises.Remove(ticket);
    }

    /// <summary>Whether a new turn on <paramref name="silo"/> has to wait behind a turn of another silo.</summary>
    public bool IsAwaited(SiloAddress silo) =>
        _silos.Any(entry =>
            !entry.Key.Equals(silo)
            && entry.Value.Report.Waiting.Any(turn => turn.Anywhere && !_promises.ContainsKey(turn.Ticket)));

    /// <summary>
    /// Assigns free slots, and returns the orders for those <paramref name="listening"/> silos that have some. The caller must send them.
    /// </summary>
    public Dictionary<SiloAddress, List<SlotOrder>> Match(IReadOnlyCollection<SiloAddress> listening)
    {
        var orders = new Dictionary<SiloAddress, List<SlotOrder>>();
        var free = new Dictionary<SiloAddress, int>();
        var running = new Dictionary<string, int>();
        var home = new Dictionary<Guid, SiloAddress>();
        var waiting = new Dictionary<string, List<QueuedTurn>>();
        foreach (var (silo, known) in _silos)
        {
            foreach (var (user, turns) in known.Report.Running)
                running[user] = running.GetValueOrDefault(user) + turns;
            if (known.IsStale)
                continue;
            var listens = listening.Contains(silo);
            if (listens && known.Report.Free > 0)
                free[silo] = known.Report.Free;
            foreach (var turn in known.Report.Waiting)
            {
                if (_promises.TryGetValue(turn.Ticket, out var promise))
                {
                    if (promise.Kept && listens)
                        Order(silo, new SlotOrder(turn.Ticket, turn.User, SlotOrderKind.Move, promise.At));
                    continue;
                }

                // A turn that can only run on its own silo gets no slot while that silo is not listening.
                if (!listens && !turn.Anywhere)
                    continue;
                home[turn.Ticket] = silo;
                if (!waiting.TryGetValue(turn.User, out var turns))
                    waiting[turn.User] = turns = [];
                turns.Add(new QueuedTurn(turn.Ticket, turn.User, known.At - turn.WaitedMs, turn.Anywhere));
            }
        }

        if (free.Count > 0)
        {
            foreach (var turns in waiting.Values)
                turns.Sort((a, b) => a.Since.CompareTo(b.Since));
            _order.ForgetAllBut(waiting.Keys);
            _order.Assign(waiting.Values, running, () => free.Count > 0, TryAssign);
        }

        foreach (var silo in orders.Keys)
            _silos[silo] = _silos[silo] with { Ordered = _silos[silo].Report.Number };
        return orders;

        bool TryAssign(QueuedTurn turn)
        {
            var from = home[turn.Ticket];
            if (free.ContainsKey(from))
            {
                Take(from, turn);
                Order(from, new SlotOrder(turn.Ticket, turn.User, SlotOrderKind.Start));
                return true;
            }

            if (!turn.Anywhere)
                return false;
            var silo = free.MaxBy(entry => entry.Value).Key;
            Take(silo, turn);
            Order(silo, new SlotOrder(turn.Ticket, turn.User, SlotOrderKind.Hold));
            _promises[turn.Ticket] = new Promise(silo, Kept: false);
            return true;
        }

        void Take(SiloAddress silo, QueuedTurn turn)
        {
            _order.RecordSlot(turn.User);
            if (--free[silo] == 0)
                free.Remove(silo);
        }

        void Order(SiloAddress silo, SlotOrder order)
        {
            if (!orders.TryGetValue(silo, out var list))
                orders[silo] = list = [];
            list.Add(order);
        }
    }

    /// <param name="Ordered">Number of the report whose answer held the silo's last orders.</param>
    private sealed record Known(SiloReport Report, long At, long Ordered)
    {
        public bool IsStale => Report.Answered < Ordered;
    }

    private sealed record Promise(SiloAddress At, bool Kept);
}
