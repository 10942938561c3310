using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CodexOrleans.Silo;

/// <summary>
/// A clock that nobody sets: it shows the machine's time at the start and goes on from there as time passes. Orleans reckons its deadlines
/// in times of day, and refuses every call once the machine's clock is set back behind the last of them.
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
    /// Gives it to Orleans, which asks for its clocks by key. What asks for the clock without one gets the machine's: times that are stored
    /// or shown are times of day. To be called before Orleans is added.
    /// </summary>
    public static void AddSteadyTimeForOrleans(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new SteadyTime(provider.GetRequiredService<TimeProvider>()));
        services.AddKeyedSingleton<TimeProvider>(KeyedService.AnyKey, (provider, _) => provider.GetRequiredService<SteadyTime>());
    }
}
