using CodexOrleans.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Ends the turns that have lost their owner, at start and whenever a silo of the cluster has died: every thread with a running turn is
/// called, which does nothing where the turn runs, and activates the thread elsewhere; activation is recovery. It needs nobody to watch
/// or call the thread.
/// </summary>
internal sealed partial class TurnSweep(IThreadReader reader, IGrainFactory grains, IClusterMembershipService membership, ILogger<TurnSweep> logger) : BackgroundService
{
    private static readonly ParallelOptions _bounded = new() { MaxDegreeOfParallelism = 8 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var known = membership.CurrentSnapshot;
            await Sweep(stoppingToken);
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                if (snapshot.Members.Values.Any(member => member.Status == SiloStatus.Dead && known.GetSiloStatus(member.SiloAddress) != SiloStatus.Dead))
                    await Sweep(stoppingToken);
                known = snapshot;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the next start sweeps again.
        }
    }

    private async Task Sweep(CancellationToken stoppingToken)
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
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: its lost turn could not be ended now; its next call tries again.")]
    private partial void LogNotRecovered(Guid threadId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turns left running by an earlier process could not be looked up; each is ended when its thread is next called.")]
    private partial void LogNotRead(Exception exception);
}
