namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>The real time, put forward by a test. Timers run as ever: a whole silo lives by them.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long _ticks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _ticks) * (TimestampFrequency / TimeSpan.TicksPerSecond);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));
}
