using System.Diagnostics;

namespace CodexOrleans.WebFront;

/// <summary>
/// Gives memory back after a peak. The runtime collects only when something is allocated: a server that has become quiet would keep for
/// good what it needed once.
/// </summary>
internal sealed partial class IdleMemory(TimeProvider time, ILogger<IdleMemory> logger) : BackgroundService
{
    /// <summary>How often it is looked whether the server is quiet, and for how long it has been then.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Bytes allocated within an interval by a server that is quiet: idle viewers and probes take less, one turn more.</summary>
    private const long Quiet = 4 * 1024 * 1024;

    /// <summary>Bytes allocated since the last time that are worth the pause, of some 50 ms, in which they are given back.</summary>
    private const long Worthwhile = 32 * 1024 * 1024;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (collected, seen) = (0L, 0L);
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var allocated = GC.GetTotalAllocatedBytes();
            if (allocated - seen < Quiet && allocated - collected > Worthwhile)
            {
                var before = Environment.WorkingSet;
                var begin = Stopwatch.GetTimestamp();
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                LogGivenBack((before - Environment.WorkingSet) >> 20, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
                collected = allocated;
            }

            seen = allocated;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Gave {Mebibytes} MiB of memory back in {Milliseconds:0} ms.")]
    private partial void LogGivenBack(long mebibytes, double milliseconds);
}
