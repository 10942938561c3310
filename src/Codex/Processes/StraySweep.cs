using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Processes;

/// <summary>
/// Kills the processes and deletes the scratch files that earlier starts of this installation left behind. Runs before any other service of
/// the host, so before the first turn.
/// </summary>
public sealed partial class StraySweep(StrayProcesses strays, ScratchFolder scratch, ILogger<StraySweep> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await strays.SweepEarlierStarts().WaitAsync(cancellationToken).ConfigureAwait(false);
            // The folder is safe to empty: whoever registers it ensures that no other server uses it.
            if (Directory.Exists(scratch.Path))
                Directory.Delete(scratch.Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogSweepFailed(e);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Processes or files that an earlier start left behind could not be removed.")]
    private partial void LogSweepFailed(Exception exception);
}
