using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Codex.Exec;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>Ends turns whose owner died: closes the items left open in the log and appends the one terminal event.</summary>
public sealed partial class TurnRecovery(IThreadStore store, TurnMetrics metrics, TimeProvider time, ILogger<TurnRecovery> logger)
{
    private const int PageBytes = 1 << 20;

    /// <summary>
    /// Claims the thread, which fences an owner that is still alive, and ends <paramref name="turnId"/> with code
    /// <c>host_lost</c>. Does nothing when somebody else was faster.
    /// </summary>
    public async Task End(ThreadRecord thread, Guid turnId, CancellationToken cancellationToken)
    {
        var turn = await store.ReadTurn(turnId, cancellationToken);
        var open = new OpenItems();
        var closing = new EventBlockBuilder();
        for (var after = (turn?.FirstSeq ?? 1) - 1; after < thread.HeadSeq;)
        {
            var chunks = await store.ReadChunks(thread.Id, after, PageBytes, cancellationToken);
            if (chunks.Count == 0)
                break;
            foreach (var chunk in chunks.Where(chunk => chunk.Kind == (byte)EventKind.Codex))
                Observe(chunk.Lines, open);
            after = chunks[^1].LastSeq;
        }

        const string Message = "The server that ran this turn was lost before the turn was done.";
        open.CloseAll(closing);
        closing.Add(ServerLines.TurnFailed(FailureCodes.HostLost, Message), 1);
        var block = closing.Build(null, null)!;
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        var result = await store.Commit(new ThreadCommit
        {
            ThreadId = thread.Id,
            Generation = thread.Generation + 1,
            Claim = true,
            ExpectedHead = thread.HeadSeq,
            Chunks =
            [
                new LogChunk
                {
                    FirstSeq = thread.HeadSeq + 1,
                    LastSeq = thread.HeadSeq + block.Count,
                    TurnId = turnId,
                    At = at,
                    Kind = (byte)EventKind.Codex,
                    Lines = block.Lines,
                },
            ],
            TurnEnd = new TurnEnd(turnId, TurnStatus.Failed, FailureCodes.HostLost, Message, null, at),
        });
        if (result != CommitResult.Committed)
            return;
        metrics.Recovered();
        LogRecovered(thread.Id, turnId);
    }

    private static void Observe(ReadOnlySpan<byte> lines, OpenItems open)
    {
        foreach (var range in lines.Split((byte)'\n'))
        {
            var line = lines[range];
            if (line.IsEmpty || EventLine.Read(line, out var facts) is not null)
                continue;
            if (facts.Type == EventType.ItemOpen)
                open.Open(line, facts);
            else if (facts.Type == EventType.ItemCompleted)
                open.Complete(line, facts);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Thread {ThreadId}: turn {TurnId} had lost its owner and was ended.")]
    private partial void LogRecovered(Guid threadId, Guid turnId);
}
