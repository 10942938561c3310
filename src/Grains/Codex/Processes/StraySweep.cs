using CodexOrleans.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Codex.Processes;

/// <summary>
/// Before a silo starts: ends the processes and deletes the scratch files that earlier starts of this installation left behind.
/// </summary>
public sealed partial class StraySweep(StrayProcesses strays, ILogger<StraySweep> logger, DataDirectory? data = null) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
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

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Processes or files that an earlier start left behind could not be removed.")]
    private partial void LogSweepFailed(Exception exception);
}
