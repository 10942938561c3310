using System.Diagnostics;

namespace CodexOrleans.WebFront.Hosting;

/// <summary>
/// Gives memory back after a peak. The runtime collects only when something is allocated: a server that has become quiet would keep for
/// good what it needed once.
/// </summary>
internal sealed partial class IdleMemory(TimeProvider time, ILogger<IdleMemory> logger) : BackgroundService
{
    /// <summary>How often it is looked whether the server is quiet.</summary>
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    /// <summary>Bytes that a quiet server allocates at most within an interval: idle viewers and probes take less, turns more.</summary>
    private const long Quiet = 2 * 1024 * 1024;

    /// <summary>Bytes grown since the last time that are worth the pause, of some 50 ms, in which they are given back.</summary>
    private const long Worthwhile = 32 * 1024 * 1024;

    /// <summary>
    /// Intervals after which it is no longer tried again. Each attempt waits twice as long as the last one did: pools let go of what they
    /// hold only bit by bit once it is unused.
    /// </summary>
    private const int LongestWait = 64;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (allocated, left, wait, waited) = (0L, 0L, 1, 0);
        using var timer = new PeriodicTimer(_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var before = allocated;
            allocated = GC.GetTotalAllocatedBytes();
            var held = Environment.WorkingSet;
            if (held - left > Worthwhile)
                wait = 1;
            if (++waited < wait || wait > LongestWait || allocated - before > Quiet)
                continue;
            left = GiveBack(held);
            (wait, waited) = (held - left > Worthwhile ? 1 : 2 * wait, 0);
        }
    }

    /// <summary>The bytes that are left.</summary>
    private long GiveBack(long held)
    {
        var begin = Stopwatch.GetTimestamp();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var left = Environment.WorkingSet;
        LogGivenBack((held - left) >> 20, left >> 20, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        return left;
    }

    [LoggerMessage(LogLevel.Debug, "Gave {Mebibytes} MiB of memory back, {Left} MiB are left; it took {Milliseconds:0} ms.")]
    private partial void LogGivenBack(long mebibytes, long left, double milliseconds);
}
