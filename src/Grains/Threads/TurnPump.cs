using CodexOrleans.Codex.Engines;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Threads;

/// <summary>
/// Commits and publishes what the engine reads. Not on the grain's scheduler: it runs on the thread that reads the pipe, then on the
/// one that writes the log, and each event would otherwise change threads twice more.
/// </summary>
internal sealed partial class TurnPump(ThreadLog log, TurnTelemetry telemetry, TimeProvider time, ILogger logger)
{
    /// <summary>Pause between two tries to write while the log cannot be written.</summary>
    private static readonly TimeSpan _storageRetry = TimeSpan.FromSeconds(2);

    /// <summary>How long a running turn outlives a log that cannot be written. Its events wait meanwhile; the CLI is not read.</summary>
    private static readonly TimeSpan _storageGiveUp = TimeSpan.FromSeconds(60);

    /// <summary>Runs until the terminal event is on disk and published, or another activation has the thread.</summary>
    /// <param name="ended">Called when the terminal event is on disk, before it is published.</param>
    public async Task<CommitResult> Run(ICodexTurn turn, Guid turnId, Action<ICodexTurn> ended)
    {
        while (await turn.Read().ConfigureAwait(false) is { } block)
        {
            // One object for all tries: by it the store knows what may have arrived although no answer came.
            var commit = log.Append(turnId, block, telemetry.Span);
            if (await Commit(turn, commit).ConfigureAwait(false) == CommitResult.Fenced)
                return CommitResult.Fenced;

            telemetry.Committed();
            var fronts = log.Fronts.All;
            if (block.Outcome is { } outcome)
            {
                fronts = log.Fronts.EndTurn();
                telemetry.Ended(outcome);
                ended(turn);
            }

            log.Publish(fronts, commit);
        }

        return CommitResult.Committed;
    }

    /// <summary>
    /// Commits for as long as it takes: what the CLI said is not dropped because a disk is full. The turn itself is stopped when that
    /// lasts; its end is written when the log can be written again, or by the next activation.
    /// </summary>
    private async ValueTask<CommitResult> Commit(ICodexTurn turn, ThreadCommit commit)
    {
        var failingSince = 0L;
        while (true)
        {
            try
            {
                return await log.Commit(commit).ConfigureAwait(false);
            }
            catch (StorageException e) when (e.Fault != StorageFault.Closed)
            {
                if (failingSince == 0)
                {
                    failingSince = time.GetTimestamp();
                    LogAppendWaits(logger, log.Id, e);
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
