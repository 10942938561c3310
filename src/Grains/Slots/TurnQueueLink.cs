using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Grains.Slots;

/// <summary>
/// Reports this silo's <see cref="TurnSlots"/> to the cluster's <see cref="ITurnQueueGrain"/> and applies its answers. One call is always
/// under way.
/// </summary>
internal sealed partial class TurnQueueLink(
    TurnSlots slots, IGrainFactory grains, ILocalSiloDetails silo, TimeProvider time, ILogger<TurnQueueLink> logger)
    : BackgroundService
{
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(500);

    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _lost;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        slots.Link(() => _changes.Writer.TryWrite(true));
        var queue = grains.GetGrain<ITurnQueueGrain>(0);
        var changed = Task.FromResult(true);
        try
        {
            for (var number = 1L; ; number++)
            {
                _changes.Reader.TryRead(out _);
                var answered = Exchange(queue, slots.Report(silo.SiloAddress, number), stoppingToken);
                // A change is reported at once, without waiting for the answer to the last report: that is then empty, or arrives late and
                // is still valid. The wait for a change is reused, because the channel would keep each abandoned wait until the next
                // change.
                if (changed.IsCompleted)
                    changed = _changes.Reader.WaitToReadAsync(stoppingToken).AsTask();
                await (_lost ? answered : Task.WhenAny(answered, changed));
                stoppingToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task Exchange(ITurnQueueGrain queue, SiloReport report, CancellationToken stoppingToken)
    {
        try
        {
            slots.Apply(await queue.Exchange(report));
            if (_lost)
                LogFound();
            _lost = false;
        }
        catch (Exception e)
        {
            if (stoppingToken.IsCancellationRequested)
                return;
            // The queue's silo has died, or the database that has its directory entry is away.
            if (!_lost)
                LogLost(e.GetType().Name);
            _lost = true;
            slots.Unlink(report);
            await Task.Delay(_pause, time, stoppingToken);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The cluster's queue for turn slots cannot be asked ({Reason}); turns wait for the slots of this node alone.")]
    private partial void LogLost(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The cluster's queue for turn slots answers again.")]
    private partial void LogFound();
}
