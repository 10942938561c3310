using System.Threading.Channels;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Ends turns whose host is lost: at start, after each death of a silo, when an activation gives a turn up, and every 15 seconds, because a
/// frozen silo may begin a turn before it learns that it was declared dead. The sweep calls the turn's thread, whose activation ends the
/// turn, and retries until it has. So lost turns end even if no client calls their threads.
/// </summary>
public sealed partial class TurnSweep(
    IThreadReader reader,
    IGrainFactory grains,
    IClusterMembershipService membership,
    ProcessTag host,
    TimeProvider time,
    ILogger<TurnSweep> logger) : BackgroundService
{
    private const int AtOnce = 8;

    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(15);

    private readonly Channel<(Guid ThreadId, Guid TurnId)> _givenUp = Channel.CreateUnbounded<(Guid, Guid)>();

    /// <summary>Queues a turn that an activation on this silo has given up, to be ended. Returns at once.</summary>
    public void End(Guid threadId, Guid turnId) => _givenUp.Writer.TryWrite((threadId, turnId));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(EndTurnsOfDeadSilos(stoppingToken), EndTurnsOfFrozenSilos(stoppingToken), EndTurnsGivenUp(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the next start sweeps again.
        }
    }

    private async Task EndTurnsOfDeadSilos(CancellationToken stoppingToken)
    {
        var known = membership.CurrentSnapshot;
        await Sweep(stoppingToken);
        await foreach (var _ in membership.DeathsSince(known, stoppingToken))
            await Sweep(stoppingToken);
    }

    private async Task EndTurnsOfFrozenSilos(CancellationToken stoppingToken)
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
            var living = membership.CurrentSnapshot.Members.Values
                .Where(member => member.Status != SiloStatus.Dead)
                .Select(member => member.Name)
                .ToHashSet();
            var lost = (await reader.ReadRunningTurns(stoppingToken))
                .Where(turn => IsLost(turn.Host, living))
                .Select(turn => turn.ThreadId)
                .ToArray();
            // All silos sweep the same turns; a random order spreads their calls.
            Random.Shared.Shuffle(lost);
            var all = true;
            var limits = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken };
            await Parallel.ForEachAsync(lost, limits, async (thread, cancellationToken) =>
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

    /// <summary>
    /// Whether the host of a running turn is gone. An earlier start of this installation is; those of others count as alive while a silo of
    /// that installation is a member, because that silo ends them in its own sweep at start.
    /// </summary>
    private bool IsLost(string turnHost, HashSet<string> living) => ProcessTag.InstallationOf(turnHost) is not { } installation
        || (installation == host.Installation ? turnHost != host.Value : !living.Contains(installation));

    private async Task<bool> TryRecover(Guid thread, CancellationToken stoppingToken)
    {
        try
        {
            await grains.GetGrain<IThreadGrain>(thread).Recover();
            return true;
        }
        // OperationCanceledException is caught too: it can come from the thread's silo, and would otherwise end this host.
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

    [LoggerMessage(Level = LogLevel.Error, Message = "Turns whose host is lost could not be looked up; it is tried again.")]
    private partial void LogNotRead(Exception exception);
}
