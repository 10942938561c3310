namespace CodexOrleans.Load.Turns;

/// <summary>Whether one turn's numbered events come once each and in order.</summary>
internal sealed class EventOrder
{
    private int _highest = -1;
    private HashSet<int>? _seen;

    /// <summary>Different numbers seen.</summary>
    public int Distinct { get; private set; }

    /// <summary>Events whose number had come before.</summary>
    public int Repeated { get; private set; }

    /// <summary>Events that came after one with a higher number.</summary>
    public int Reordered { get; private set; }

    public void Reset()
    {
        _highest = -1;
        _seen = null;
        Distinct = 0;
        Repeated = 0;
        Reordered = 0;
    }

    public void Add(int number)
    {
        if (_seen is null && number == _highest + 1)
        {
            _highest = number;
            Distinct++;
            return;
        }

        // Which numbers came is only of interest from the first irregularity on.
        _seen ??= [.. Enumerable.Range(0, _highest + 1)];
        if (!_seen.Add(number))
        {
            Repeated++;
            return;
        }

        Distinct++;
        if (number < _highest)
            Reordered++;
        _highest = Math.Max(_highest, number);
    }
}
