using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>
/// The recent events of one stream as a linked list, oldest first. A link is kept while a cursor has yet to read it; behind all cursors a
/// short tail is kept for subscribers that are just arriving. A dropped link is emptied, so that a cursor that points to it keeps no
/// events in memory.
/// </summary>
internal sealed class StreamChain
{
    private const int TailEvents = 256;
    private const long TailBytes = 1L << 20;

    private readonly PushStreamOptions _options;
    private Link _start;
    private long _dropped;
    private int _cursors;
    private bool _grown;

    /// <param name="sequence">Number of the last event before the chain: events up to it are not in it.</param>
    /// <param name="now">Timestamp of the provider's clock.</param>
    public StreamChain(PushStreamOptions options, long sequence, long now)
    {
        _options = options;
        _start = End = new Link(0, 0);
        _dropped = sequence;
        LastAppend = now;
    }

    /// <summary>The place of the next event.</summary>
    public Link End { get; private set; }

    public long LastAppend { get; private set; }

    public bool HasCursors => _cursors > 0;

    /// <returns>True for the first append since the last <see cref="Shed"/>.</returns>
    public bool Append(PushBatchContainer batch, long sequence, long now)
    {
        var filled = End;
        filled.Batch = batch;
        filled.Sequence = sequence;
        filled.Next = End = new Link(filled.EventsBefore + batch.Events.Length, filled.BytesBefore + batch.Bytes);
        LastAppend = now;
        var first = !_grown;
        _grown = true;
        return first;
    }

    /// <summary>The first link at or after a sequence number; null when that one was dropped.</summary>
    public Link? Find(long sequence)
    {
        if (sequence <= _dropped)
            return null;
        var link = _start;
        while (link.Batch is not null && link.Sequence < sequence)
            link = link.Next!;
        return link;
    }

    public QueueCacheMissInfo MissOf(long sequence) =>
        new(requested: sequence.ToString(), low: $"after {_dropped}", high: "next event");

    /// <summary>Drops events that a consumer is too far behind to get; the newest batch always stays, however large.</summary>
    public void Shed()
    {
        _grown = false;
        while (_start.Next is { } second && !ReferenceEquals(second, End)
            && (End.EventsBefore - _start.EventsBefore > _options.MaxLagEvents
                || End.BytesBefore - _start.BytesBefore > _options.MaxLagBytes))
        {
            DropFirst();
        }

        Trim(TailEvents, TailBytes);
    }

    /// <summary>Drops every event that all cursors have passed.</summary>
    public void DropDelivered() => Trim(0, 0);

    public void Attach(Link link)
    {
        _cursors++;
        link.Cursors++;
    }

    public void Detach(Link link)
    {
        _cursors--;
        link.Cursors--;
        Trim(TailEvents, TailBytes);
    }

    /// <summary>Moves a cursor over a filled link.</summary>
    public Link Advance(Link link)
    {
        var next = link.Next!;
        next.Cursors++;
        link.Cursors--;
        if (ReferenceEquals(link, _start))
            Trim(TailEvents, TailBytes);
        return next;
    }

    private void Trim(int tailEvents, long tailBytes)
    {
        while (_start.Cursors == 0 && _start.Batch is not null
            && (End.EventsBefore - _start.EventsBefore > tailEvents || End.BytesBefore - _start.BytesBefore > tailBytes))
        {
            DropFirst();
        }
    }

    private void DropFirst()
    {
        var link = _start;
        _start = link.Next!;
        _dropped = link.Sequence;
        link.Drop();
    }

    /// <summary>Holds one batch, or is the empty end.</summary>
    public sealed class Link(long eventsBefore, long bytesBefore)
    {
        public PushBatchContainer? Batch { get; set; }

        public Link? Next { get; set; }

        public long Sequence { get; set; }

        public long EventsBefore => eventsBefore;

        public long BytesBefore => bytesBefore;

        /// <summary>Cursors that will read this link next.</summary>
        public int Cursors { get; set; }

        public bool IsDropped { get; private set; }

        public void Drop()
        {
            IsDropped = true;
            Batch = null;
            Next = null;
        }
    }
}
