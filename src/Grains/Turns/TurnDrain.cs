using CodexOrleans.Grains.Slots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// Drains turns at a shutdown, before the web server and the silo stop. No new turn starts on this silo, running ones may finish within
/// <see cref="CodexOptions.DrainTimeout"/>, and the rest end as <c>turn.failed</c> with code <c>host_draining</c>. A turn that cannot end,
/// because the log cannot be written, does not hold up the shutdown: the next activation of its thread ends it.
/// </summary>
internal sealed partial class TurnDrain(TurnSlots slots, IOptions<CodexOptions> options, TimeProvider time, ILogger<TurnDrain> logger)
    : IHostedLifecycleService
{
    /// <summary>Time for a stopped turn to write its end, after <see cref="CodexOptions.StopGrace"/>.</summary>
    private static readonly TimeSpan _ending = TimeSpan.FromSeconds(3);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        slots.Close();
        try
        {
            await Drain(cancellationToken);
        }
        finally
        {
            slots.RefuseWaiting();
        }
    }

    private async Task Drain(CancellationToken cancellationToken)
    {
        if (slots.Taken == 0)
            return;
        LogDraining(slots.Taken, options.Value.DrainTimeout);
        try
        {
            await slots.Idle().WaitAsync(options.Value.DrainTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogStopping(slots.Taken);
            slots.StopAll(StopReason.HostDraining);
            await End(cancellationToken);
        }
    }

    private async Task End(CancellationToken cancellationToken)
    {
        try
        {
            await slots.Idle().WaitAsync(options.Value.StopGrace + _ending, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogLeft(slots.Taken);
            slots.AbandonTurns();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting up to {Limit} for {Turns} running turns.")]
    private partial void LogDraining(int turns, TimeSpan limit);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Turns} turns could not be ended, because their ends cannot be written; they end as host_lost when their threads run "
            + "next.")]
    private partial void LogLeft(int turns);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Turns} turns did not finish in time and are ended.")]
    private partial void LogStopping(int turns);
}
