namespace CodexOrleans.Storage.Log;

public sealed partial class ThreadCommit
{
    /// <summary>The thread's head once this commit is applied.</summary>
    internal long HeadAfter => Chunks.Count == 0 ? ExpectedHead : Chunks[^1].LastSeq;

    /// <summary>
    /// True once it was sent to a database that did not answer: it may be there or not, whoever brings it again and however much later.
    /// </summary>
    internal bool MayBeThere { get; set; }

    /// <summary>Bytes of log this commit carries.</summary>
    internal long Size
    {
        get
        {
            long size = 0;
            for (var i = 0; i < Chunks.Count; i++)
                size += Chunks[i].Lines.Length;
            return size;
        }
    }

    /// <summary>Number of a turn's first event in this commit, or null when it has none of that turn.</summary>
    internal long? FirstSeqOf(Guid turnId)
    {
        foreach (var chunk in Chunks)
        {
            if (chunk.TurnId == turnId)
                return chunk.FirstSeq;
        }

        return null;
    }

    /// <summary>Number of a turn's last event in this commit, or null when it has none of that turn.</summary>
    internal long? LastSeqOf(Guid turnId)
    {
        for (var i = Chunks.Count - 1; i >= 0; i--)
        {
            if (Chunks[i].TurnId == turnId)
                return Chunks[i].LastSeq;
        }

        return null;
    }

    /// <summary>Checks what can be known without the database.</summary>
    /// <exception cref="ArgumentException">The commit contradicts itself.</exception>
    internal void Validate()
    {
        if (Generation < 1)
            throw Invalid($"generation {Generation} is below 1");
        if (ExpectedHead < 0)
            throw Invalid($"expected head {ExpectedHead} is negative");

        var next = ExpectedHead + 1;
        for (var i = 0; i < Chunks.Count; i++)
        {
            var chunk = Chunks[i];
            if (chunk.FirstSeq != next || chunk.LastSeq < chunk.FirstSeq)
                throw Invalid($"chunk {i} has events {chunk.FirstSeq} to {chunk.LastSeq}, but must begin with {next}");
            // The count also shows that no line holds a raw line feed: a reader splits at them.
            if (chunk.Lines is not [.., (byte)'\n'] || chunk.Lines.AsSpan().Count((byte)'\n') != chunk.LastSeq - chunk.FirstSeq + 1)
                throw Invalid($"chunk {i} must hold exactly {chunk.LastSeq - chunk.FirstSeq + 1} lines, each ended by a line feed");
            next = chunk.LastSeq + 1;
        }

        if (TurnStart is { } start && FirstSeqOf(start.TurnId) is null)
            throw Invalid($"turn {start.TurnId} starts without an event of its own");
        if (TurnEnd is { } end)
        {
            if (LastSeqOf(end.TurnId) is null)
                throw Invalid($"turn {end.TurnId} ends without an event of its own");
            if (end.Status == TurnStatus.Running || !Enum.IsDefined(end.Status))
                throw Invalid($"turn {end.TurnId} cannot end as {end.Status}");
        }
    }

    internal ArgumentException Invalid(string problem, Exception? inner = null) =>
        new($"The commit of thread {ThreadId} at head {ExpectedHead} is invalid: {problem}.", inner);
}
