using CodexOrleans.Grains.Codex;
using CodexOrleans.Grains.Slots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// The silo's share of a clean shutdown, before the web server and the silo stop: no new turns but on other silos, running ones finish up to
/// <see cref="CodexOptions.DrainTimeout"/>, the rest end as <c>turn.failed</c> code <c>host_draining</c>.
/// </summary>
internal sealed partial class TurnDrain(TurnSlots slots, IOptions<CodexOptions> options, TimeProvider time, ILogger<TurnDrain> logger) : IHostedLifecycleService
{
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        slots.Close();
        try
        {
            await Drain(cancellationToken);
        }
        finally
        {
            slots.Dismiss();
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
            await slots.Idle().WaitAsync(cancellationToken);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting up to {Limit} for {Turns} running turns.")]
    private partial void LogDraining(int turns, TimeSpan limit);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Turns} turns did not finish in time and are ended.")]
    private partial void LogStopping(int turns);
}
