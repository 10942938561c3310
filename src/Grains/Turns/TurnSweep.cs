using CodexOrleans.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Ends, once at start, the turns that an earlier process left running: every thread that has one is activated, and activation is
/// recovery. It needs nobody to watch or call the thread.
/// </summary>
internal sealed partial class TurnSweep(IThreadReader reader, IGrainFactory grains, ILogger<TurnSweep> logger) : BackgroundService
{
    private static readonly ParallelOptions _bounded = new() { MaxDegreeOfParallelism = 8 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var threads = await reader.ReadThreadsWithRunningTurn(stoppingToken);
            await Parallel.ForEachAsync(threads, _bounded, async (thread, _) =>
            {
                try
                {
                    await grains.GetGrain<IThreadGrain>(thread).Recover();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogNotRecovered(thread, e);
                }
            });
        }
        catch (StorageException e)
        {
            LogNotRead(e);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops before the sweep is done; the next start sweeps again.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: its lost turn could not be ended now; its next call tries again.")]
    private partial void LogNotRecovered(Guid threadId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turns left running by an earlier process could not be looked up; each is ended when its thread is next called.")]
    private partial void LogNotRead(Exception exception);
}
