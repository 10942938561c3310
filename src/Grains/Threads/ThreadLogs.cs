using CodexOrleans.Codex.Processes;
using CodexOrleans.Grains.Turns;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Threads;

/// <summary>Opens the logs of threads for the activations on this silo.</summary>
public sealed partial class ThreadLogs(
    IThreadStore store, TurnMetrics metrics, ProcessTag server, TimeProvider time, ILogger<ThreadLogs> logger)
{
    /// <summary>The log of a thread, not read yet.</summary>
    internal ThreadLog Open(Guid threadId) =>
        new(threadId, store, new FrontLeases(time, metrics, LogPublishFailed), server.Value, time);

    /// <summary>Removes a thread with all that is of it.</summary>
    internal ValueTask<CommitResult> Delete(ThreadLog log) => store.Delete(log.Id, log.Generation);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A live delivery to a front end failed; its viewers read the log.")]
    private partial void LogPublishFailed(Exception exception);
}
