using CodexOrleans.Codex.Events;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Threads;

/// <summary>Ends turns whose host died: closes the items left open in the log and appends the one terminal event.</summary>
public sealed partial class TurnRecovery(IThreadReader reader, TurnMetrics metrics, ILogger<TurnRecovery> logger)
{
    private const int PageBytes = 1 << 20;

    /// <summary>
    /// Claims the thread, which fences an activation that still writes, and ends <paramref name="turnId"/> with code
    /// <c>host_lost</c>. Does nothing when somebody else was faster.
    /// </summary>
    internal async Task End(ThreadLog log, Guid turnId, CancellationToken cancellationToken)
    {
        var turn = await reader.ReadTurn(turnId, cancellationToken);
        var lost = new LostTurn();
        for (var after = (turn?.FirstSeq ?? 1) - 1; after < log.Head;)
        {
            var chunks = await reader.ReadChunks(log.Id, after, PageBytes, cancellationToken);
            if (chunks.Count == 0)
                break;
            foreach (var chunk in chunks.Where(chunk => chunk.Kind == (byte)EventKind.Codex))
                lost.Observe(chunk.Lines);
            after = chunks[^1].LastSeq;
        }

        var end = lost.End(FailureCodes.HostLost, "The server that ran this turn was lost before the turn was done.");
        if (await log.Commit(log.Take(turnId, end)) != CommitResult.Committed)
            return;
        metrics.Recovered();
        LogRecovered(log.Id, turnId);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Thread {ThreadId}: turn {TurnId} had lost its host and was ended.")]
    private partial void LogRecovered(Guid threadId, Guid turnId);
}
