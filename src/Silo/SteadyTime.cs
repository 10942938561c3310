using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CodexOrleans.Silo;

/// <summary>
/// A clock that follows the machine's time at the start plus the elapsed time, and so ignores when the machine's clock is set. Orleans
/// computes deadlines from the wall clock, and would refuse every call after that was set back.
/// </summary>
internal sealed class SteadyTime(TimeProvider machine) : TimeProvider
{
    private readonly DateTimeOffset _start = machine.GetUtcNow();
    private readonly long _startTimestamp = machine.GetTimestamp();

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => _start + machine.GetElapsedTime(_startTimestamp);

    public override long GetTimestamp() => machine.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);
}

internal static class SteadyTimeRegistration
{
    /// <summary>
    /// Registers the clock for Orleans, which resolves its clocks by key. Without a key services get the machine's clock, because times
    /// that are stored or shown are wall-clock times. Must be called before Orleans is added.
    /// </summary>
    public static void AddSteadyTimeForOrleans(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new SteadyTime(provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton<TimeProvider>(KeyedService.AnyKey, (provider, _) => provider.GetRequiredService<SteadyTime>());
    }
}
