using System.Threading.Channels;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Ends the turns that have lost their owner: at start, whenever a silo of the cluster has died, when an owner gives one up, and now and
/// then, since a silo that was frozen may begin a turn before it learns that it counts as dead. Their threads are called, and activation
/// is recovery. It needs nobody to watch or call the thread, and tries until it is done.
/// </summary>
public sealed partial class TurnSweep(
    IThreadReader reader, IGrainFactory grains, IClusterMembershipService membership, ProcessTag host, TimeProvider time, ILogger<TurnSweep> logger) : BackgroundService
{
    private const int AtOnce = 8;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(15);

    private readonly Channel<(Guid ThreadId, Guid TurnId)> _givenUp = Channel.CreateUnbounded<(Guid, Guid)>();

    /// <summary>Sees to it that a turn ends whose owner, here, has given it up. Returns at once.</summary>
    public void End(Guid threadId, Guid turnId) => _givenUp.Writer.TryWrite((threadId, turnId));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(EndTurnsOfTheDead(stoppingToken), EndTurnsOfZombies(stoppingToken), EndTurnsGivenUp(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the next start sweeps again.
        }
    }

    private async Task EndTurnsOfTheDead(CancellationToken stoppingToken)
    {
        var known = membership.CurrentSnapshot;
        await Sweep(stoppingToken);
        await foreach (var _ in membership.DeathsSince(known, stoppingToken))
            await Sweep(stoppingToken);
    }

    private async Task EndTurnsOfZombies(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await TrySweep(stoppingToken);
    }

    private Task EndTurnsGivenUp(CancellationToken stoppingToken) => Parallel.ForEachAsync(
        _givenUp.Reader.ReadAllAsync(stoppingToken),
        new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
        async (lost, cancellationToken) =>
        {
            while (!await TryRecover(lost.ThreadId, cancellationToken) || !await IsEnded(lost.TurnId, cancellationToken))
                await Task.Delay(_pause, time, cancellationToken);
        });

    private async Task Sweep(CancellationToken stoppingToken)
    {
        while (!await TrySweep(stoppingToken))
            await Task.Delay(_pause, time, stoppingToken);
    }

    private async Task<bool> TrySweep(CancellationToken stoppingToken)
    {
        try
        {
            var living = membership.CurrentSnapshot.Members.Values.Where(member => member.Status != SiloStatus.Dead).Select(member => member.Name).ToHashSet();
            var lost = (await reader.ReadRunningTurns(stoppingToken)).Where(turn => IsLost(turn.Host, living)).Select(turn => turn.ThreadId).ToArray();
            // All survivors do the same; each begins elsewhere.
            Random.Shared.Shuffle(lost);
            var all = true;
            await Parallel.ForEachAsync(lost, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken }, async (thread, cancellationToken) =>
            {
                if (!await TryRecover(thread, cancellationToken))
                    Volatile.Write(ref all, false);
            });
            return all;
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotRead(e);
            return false;
        }
    }

    /// <summary>One whose installation has started again is seen to by that start.</summary>
    private bool IsLost(string owner, HashSet<string> living) => ProcessTag.InstallationOf(owner) is not { } installation
        || (installation == host.Installation ? owner != host.Value : !living.Contains(installation));

    private async Task<bool> TryRecover(Guid thread, CancellationToken stoppingToken)
    {
        try
        {
            await grains.GetGrain<IThreadGrain>(thread).Recover();
            return true;
        }
        // Also a cancellation: of the other silo, when its activation took too long or it stops. It must not end this one's host.
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotRecovered(thread, e);
            return false;
        }
    }

    private async Task<bool> IsEnded(Guid turn, CancellationToken stoppingToken)
    {
        try
        {
            return await reader.ReadTurn(turn, stoppingToken) is not { Status: TurnStatus.Running };
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogNotRead(e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Thread {ThreadId}: its lost turn could not be ended now; it is tried again.")]
    private partial void LogNotRecovered(Guid threadId, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "Turns that have lost their owner could not be looked up; it is tried again.")]
    private partial void LogNotRead(Exception exception);
}
