using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains;

/// <summary>
/// What the owner of a thread knows of it. While a turn runs, its pump changes the head, the session and the usage, on other threads
/// than the grain's; nothing else does until the grain has seen the turn end.
/// </summary>
internal sealed class OwnedThread(Guid id, FrontLeases fronts)
{
    private long _head;

    public Guid Id => id;

    /// <summary>Who follows the thread.</summary>
    public FrontLeases Fronts => fronts;

    /// <summary>False until the first turn is on disk.</summary>
    public bool Exists { get; set; }

    /// <summary>The fencing generation of this owner.</summary>
    public long Generation { get; set; }

    /// <summary>Number of the last committed event; 0 when there is none.</summary>
    public long Head
    {
        get => Volatile.Read(ref _head);
        set => Volatile.Write(ref _head, value);
    }

    /// <summary>The CLI's own id of the session, once known.</summary>
    public string? CodexThreadId { get; set; }

    /// <summary>Options of the last turn, which the next one inherits.</summary>
    public ThreadOptions Options { get; set; } = new();

    /// <summary>The CLI's cumulative token figure.</summary>
    public TokenUsage Usage { get; set; } = new();

    /// <summary>Publishes a committed chunk to <paramref name="leases"/>, in order.</summary>
    public void Publish(FrontLease[] leases, LogChunk chunk, bool endsTurn)
    {
        if (leases.Length == 0)
            return;
        fronts.Publish(leases, new ThreadEventBatch
        {
            ThreadId = id,
            TurnId = chunk.TurnId,
            FirstSeq = chunk.FirstSeq,
            LastSeq = chunk.LastSeq,
            At = chunk.At,
            Kind = (EventKind)chunk.Kind,
            Lines = chunk.Lines,
            EndsTurn = endsTurn,
        });
    }
}
