using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Codex.Exec;

internal sealed partial class ExecTurn
{
    private void LogSupervisorFailed(Exception exception, Guid turnId) => LogSupervisorFailed(_engine.Logger, exception, turnId);

    private void LogNotStarted(Exception exception, Guid turnId, string executable) => LogNotStarted(_engine.Logger, exception, turnId, executable);

    private void LogNoScratch(Exception exception, Guid turnId) => LogNoScratch(_engine.Logger, exception, turnId);

    private void LogNotEnded(Guid turnId) => LogNotEnded(_engine.Logger, turnId);

    private void LogStraysUnknown(Exception exception, Guid turnId) => LogStraysUnknown(_engine.Logger, exception, turnId);

    private void LogScratchLeft(Exception exception, Guid turnId) => LogScratchLeft(_engine.Logger, exception, turnId);

    private void LogStdoutLost(Exception exception, Guid turnId) => LogStdoutLost(_engine.Logger, exception, turnId);

    private void LogLinesAfterEnd(Guid turnId) => LogLinesAfterEnd(_engine.Logger, turnId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turn {TurnId}: the Codex CLI could not be supervised any longer; it was ended by force.")]
    private static partial void LogSupervisorFailed(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turn {TurnId}: '{Executable}' could not be started. Check that it is executable, and Codex:ExecutablePath.")]
    private static partial void LogNotStarted(ILogger logger, Exception exception, Guid turnId, string executable);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Turn {TurnId}: its scratch files cannot be written, so it was not started. Is the disk of the data directory full "
            + "(df, and df -i), or read-only?")]
    private static partial void LogNoScratch(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turn {TurnId}: the Codex CLI does not end by SIGKILL; it hangs in the kernel.")]
    private static partial void LogNotEnded(ILogger logger, Guid turnId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turn {TurnId}: /proc cannot be listed, so processes that the turn left behind were not ended.")]
    private static partial void LogStraysUnknown(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Turn {TurnId}: its scratch files could not be deleted.")]
    private static partial void LogScratchLeft(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Turn {TurnId}: the CLI's stdout cannot be read any longer.")]
    private static partial void LogStdoutLost(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Turn {TurnId}: the CLI printed lines after the turn's terminal event; they were dropped.")]
    private static partial void LogLinesAfterEnd(ILogger logger, Guid turnId);
}
