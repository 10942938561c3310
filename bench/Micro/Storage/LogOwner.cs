using CodexOrleans.Storage.Log;

namespace CodexOrleans.Micro.Storage;

/// <summary>Owns a new thread with a running turn, and appends to it as a grain does.</summary>
internal sealed class LogOwner(IThreadStore store)
{
    private readonly Guid _turnId = Guid.CreateVersion7();
    private long _head;

    public Guid ThreadId { get; } = Guid.CreateVersion7();

    public ValueTask<CommitResult> Claim() => store.Commit(Next(SampleLines.Messages(1), 1, start: true));

    /// <summary>Appends one chunk. May be called again before the last commit is done.</summary>
    public ValueTask<CommitResult> Append(byte[] lines, int count) => store.Commit(Next(lines, count));

    /// <summary>The next commit, and moves on as if it had been made.</summary>
    public ThreadCommit Next(byte[] lines, int count, bool start = false)
    {
        var at = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var commit = new ThreadCommit
        {
            ThreadId = ThreadId,
            Generation = 1,
            Claim = start,
            ExpectedHead = _head,
            Chunks = [new LogChunk { FirstSeq = _head + 1, LastSeq = _head + count, TurnId = _turnId, At = at, Kind = 0, Lines = lines }],
            TurnStart = start ? new TurnStart(_turnId, "micro", at) : null,
        };
        _head += count;
        return commit;
    }
}
