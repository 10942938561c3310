using CodexOrleans.Grains.Codex;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Commits and publishes what the engine reads. Not on the grain's scheduler: it runs on the thread that reads the pipe, then on the
/// one that writes the log, and each event would otherwise change threads twice more.
/// </summary>
internal sealed partial class TurnPump(OwnedThread thread, IThreadStore store, TurnTelemetry telemetry, TimeProvider time, ILogger logger)
{
    /// <summary>Pause between two tries to write while the log cannot be written.</summary>
    private static readonly TimeSpan _storageRetry = TimeSpan.FromSeconds(2);

    /// <summary>How long a running turn outlives a log that cannot be written. Its events wait meanwhile; the CLI is not read.</summary>
    private static readonly TimeSpan _storageGiveUp = TimeSpan.FromSeconds(60);

    /// <summary>Runs until the terminal event is on disk and published, or another owner has the thread.</summary>
    /// <param name="ended">Called when the terminal event is on disk, before it is published.</param>
    public async Task<CommitResult> Run(ICodexTurn turn, Guid turnId, Action<ICodexTurn> ended)
    {
        while (await turn.Read().ConfigureAwait(false) is { } block)
        {
            var chunk = new LogChunk
            {
                FirstSeq = thread.Head + 1,
                LastSeq = thread.Head + block.Count,
                TurnId = turnId,
                At = time.GetUtcNow().ToUnixTimeMilliseconds(),
                Kind = (byte)EventKind.Codex,
                Lines = block.Lines,
            };
            if (await Append(turn, chunk, block).ConfigureAwait(false) == CommitResult.Fenced)
                return CommitResult.Fenced;

            telemetry.Committed();
            thread.Head = chunk.LastSeq;
            thread.CodexThreadId = block.CodexThreadId ?? thread.CodexThreadId;
            var fronts = thread.Fronts.All;
            if (block.Outcome is { } outcome)
            {
                thread.Usage = outcome.CumulativeUsage ?? thread.Usage;
                fronts = thread.Fronts.EndTurn();
                telemetry.Ended(outcome);
                ended(turn);
            }

            thread.Publish(fronts, chunk, endsTurn: block.Outcome is not null);
        }

        return CommitResult.Committed;
    }

    /// <summary>
    /// Commits a block, for as long as it takes: what the CLI said is not dropped because a disk is full. The turn itself is stopped
    /// when that lasts; its end is written when the log can be written again, or by the next owner.
    /// </summary>
    private async ValueTask<CommitResult> Append(ICodexTurn turn, LogChunk chunk, EventBlock block)
    {
        // One object for all tries: by it the store knows what may have arrived although no answer came.
        var commit = new ThreadCommit
        {
            ThreadId = thread.Id,
            Generation = thread.Generation,
            ExpectedHead = thread.Head,
            Chunks = [chunk],
            CodexThreadId = block.CodexThreadId,
            CumulativeUsage = block.Outcome?.CumulativeUsage,
            TurnEnd = block.Outcome is { } end ? new TurnEnd(chunk.TurnId, end.Status, end.ErrorCode, end.ErrorMessage, end.Usage, chunk.At) : null,
            Activity = telemetry.Span,
        };
        var failingSince = 0L;
        while (true)
        {
            try
            {
                return await store.Commit(commit).ConfigureAwait(false);
            }
            catch (StorageException e) when (e.Fault != StorageFault.Closed)
            {
                if (failingSince == 0)
                {
                    failingSince = time.GetTimestamp();
                    LogAppendWaits(logger, thread.Id, e);
                }
                else if (time.GetElapsedTime(failingSince) > _storageGiveUp)
                {
                    turn.Stop(StopReason.StorageUnavailable);
                }

                await Task.Delay(_storageRetry, time).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: events wait because the log cannot be written.")]
    private static partial void LogAppendWaits(ILogger logger, Guid threadId, Exception exception);
}
