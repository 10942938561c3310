using CodexOrleans.Storage.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Codex.Processes;

/// <summary>
/// Before anything else of the host starts, a silo with its first turns above all: ends the processes and deletes the scratch files
/// that earlier starts of this installation left behind.
/// </summary>
public sealed partial class StraySweep(StrayProcesses strays, ILogger<StraySweep> logger, DataDirectory? data = null) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await strays.SweepEarlierStarts().WaitAsync(cancellationToken).ConfigureAwait(false);
            // The data directory's lock makes sure that nobody else uses it.
            if (data is not null && Directory.Exists(data.Scratch))
                Directory.Delete(data.Scratch, recursive: true);
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
