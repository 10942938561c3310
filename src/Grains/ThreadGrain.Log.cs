using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains;

public sealed partial class ThreadGrain
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Thread {ThreadId}: another owner has claimed it; its process here is ended.")]
    private static partial void LogFenced(ILogger logger, Guid threadId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: the turn was given up; the next activation ends it.")]
    private static partial void LogTurnBroken(ILogger logger, Guid threadId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: a turn could not be stored and was not started. {Reason}")]
    private static partial void LogStartNotStored(ILogger logger, Guid threadId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: what was begun for a refused turn could not be taken back.")]
    private static partial void LogNotTakenBack(ILogger logger, Guid threadId, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Thread {ThreadId}: its folder cannot be made, so its turn was refused. Is the disk of the data directory full (df, "
            + "and df -i), or read-only?")]
    private static partial void LogNoFolder(ILogger logger, Guid threadId, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Thread {ThreadId}: what its turn needs could not be made ready, so the turn was ended as failed.")]
    private static partial void LogNotPrepared(ILogger logger, Guid threadId, Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Thread {ThreadId}: a folder or image of its turn was replaced after it was checked ({Code}); nothing was started.")]
    private static partial void LogFolderChanged(ILogger logger, Guid threadId, string code);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A live delivery to a front end failed; its viewers read the log.")]
    private static partial void LogPublishFailed(ILogger logger, Exception exception);

    private void LogFenced()
    {
        metrics.Fenced();
        LogFenced(logger, _thread.Id);
    }

    private void LogTurnBroken(Exception exception) => LogTurnBroken(logger, _thread.Id, exception);

    private void LogStartNotStored(Exception exception) => LogStartNotStored(logger, _thread.Id, exception.Message);

    private void LogNotTakenBack(Exception exception) => LogNotTakenBack(logger, _thread.Id, exception);

    private void LogNoFolder(Exception exception) => LogNoFolder(logger, _thread.Id, exception);

    private void LogNotPrepared(Exception exception) => LogNotPrepared(logger, _thread.Id, exception);

    private void LogFolderChanged(string code) => LogFolderChanged(logger, _thread.Id, code);
}
