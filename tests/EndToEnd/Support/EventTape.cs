using System.Text.Json;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>
/// Everything one client has received of one thread, over all of its connections. Each event is checked as it comes: numbers rise by
/// exactly one, a turn has one terminal event, items are closed before it and nothing follows it but the next turn.
/// </summary>
/// <param name="after">The cursor the client began with; null when it began with a turn of a thread that it knows nothing else of.</param>
public sealed class EventTape(long? after = 0)
{
    private readonly List<SseFrame> _events = [];
    private readonly HashSet<string> _openItems = [];

    // Who joins in the middle of a turn does not know which items are open.
    private bool _sawStart;
    private bool _ended;

    public IReadOnlyList<SseFrame> Events => _events;

    /// <summary>The cursor to reconnect with.</summary>
    public long LastSeq { get; private set; } = after ?? 0;

    /// <summary>Data of the events with the default name: what a client of the CLI's vocabulary gets.</summary>
    public IEnumerable<string> CodexLines => _events.Where(frame => frame.IsCodex).Select(frame => frame.Text);

    public IEnumerable<string> Kinds => _events.Select(frame => frame.Kind);

    public void Add(SseFrame frame)
    {
        if (frame.Seq is not { } seq)
            return;
        if (seq != LastSeq + 1 && (after is not null || _events.Count > 0))
            throw new BrokenPromiseException($"After event {LastSeq} came {frame}.");
        LastSeq = seq;
        _events.Add(frame);
        Follow(frame);
    }

    /// <summary>Asserts, of a tape that has the whole log, that it has everything a client has seen, under the same number and with the same bytes.</summary>
    public void AssertHolds(EventTape seen)
    {
        Assert.True(LastSeq >= seen.LastSeq, $"A client has seen event {seen.LastSeq}, the log ends at {LastSeq}.");
        foreach (var frame in seen.Events)
            Assert.Equal(frame.Text, _events[(int)frame.Seq!.Value - 1].Text);
    }

    private void Follow(SseFrame frame)
    {
        if (frame.Name != SseFrame.DefaultName && frame.Name != frame.Type)
            throw new BrokenPromiseException($"The event's name is not its type: {frame}.");
        if (frame.Type == "turn.submitted")
        {
            if (_sawStart && !_ended)
                throw new BrokenPromiseException($"A turn began before the one before it had ended: {frame}.");
            _sawStart = true;
            _ended = false;
            _openItems.Clear();
            return;
        }

        if (_ended)
            throw new BrokenPromiseException($"After the turn's terminal event came {frame}.");
        if (frame.IsTerminal)
        {
            if (_openItems.Count > 0)
                throw new BrokenPromiseException($"The turn ended with open items {string.Join(", ", _openItems)}.");
            _ended = true;
        }
        else if (frame.IsCodex && frame.Json.TryGetProperty("item", out var item))
        {
            Track(frame.Type, ItemId(item));
        }
    }

    private void Track(string type, string id)
    {
        if (type == "item.started")
            _openItems.Add(id);
        else if (type == "item.completed")
            _openItems.Remove(id);
    }

    // A web search has the key "id" twice; the first is the item's own.
    private static string ItemId(JsonElement item) =>
        item.EnumerateObject().First(property => property.NameEquals("id")).Value.GetString()!;
}

/// <summary>A client received what the server promises never to send.</summary>
public sealed class BrokenPromiseException(string message) : Exception(message);
