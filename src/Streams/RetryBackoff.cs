using Orleans.Runtime.Providers;

namespace CodexOrleans.Streams;

/// <summary>
/// Pause before the agent tries again: 100 ms, doubling up to 2 seconds. Orleans' own pauses (10 to 20 seconds for a failed read, up to
/// 30 for a failed delivery) would stop a live stream for that long after a silo is lost.
/// </summary>
internal sealed class RetryBackoff : IQueueReaderBackoffProvider, IMessageDeliveryBackoffProvider
{
    public TimeSpan Next(int attempt) => TimeSpan.FromMilliseconds(Math.Min(2000, 100 << Math.Clamp(attempt, 0, 5)));
}
