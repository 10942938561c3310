using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Processes;

/// <summary>
/// Finds and kills processes by their tag, wherever they are in the process tree. Linux only: elsewhere the environment of another process
/// cannot be read, and only the CLI's own process tree is ended. Processes with a cleared environment or of another user are not found.
/// </summary>
public sealed partial class StrayProcesses(ProcessTag host, ILogger<StrayProcesses> logger, CliMetrics? metrics = null)
{
    /// <summary>Longest wait after SIGKILL: a process that lives longer hangs in the kernel.</summary>
    private static readonly TimeSpan _giveUpAfter = TimeSpan.FromSeconds(10);

    /// <summary>
    /// On a busy machine scans are often incomplete, because processes end all the time; after so many empty scans the sweep stops anyway.
    /// </summary>
    private const int MaxIncompleteLooks = 4;

    private readonly Lock _lock = new();
    private Task _paused = Task.CompletedTask;
    private Task<(ProcessScan Scan, bool IsComplete)>? _next;
    private ProcessScan _last = ProcessScan.Empty;

    /// <summary>Ends every process of a turn of this server process; returns when none is left.</summary>
    public Task EndTurn(Guid turnId)
    {
        var turn = turnId.ToString();
        return End(p => p.Installation == host.Installation && p.Boot == host.Boot && p.Turn == turn, turn);
    }

    /// <summary>Ends every process of this server process, whatever the turn; returns when none is left.</summary>
    public Task EndAll() => End(p => p.Installation == host.Installation && p.Boot == host.Boot, "all turns");

    /// <summary>Ends what earlier starts of this installation left behind; to be called once when a silo starts, before any turn.</summary>
    public Task SweepEarlierStarts() => End(p => p.Installation == host.Installation && p.Boot != host.Boot, "an earlier start");

    private async Task End(Func<TaggedProcess, bool> belongs, string what)
    {
        if (!OperatingSystem.IsLinux())
            return;
        HashSet<int>? seen = null;
        var incomplete = 0;
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < _giveUpAfter;)
        {
            var (scan, isComplete) = await Look().ConfigureAwait(false);
            var strays = scan.Tagged.FindAll(p => belongs(p));
            if (strays.Count == 0)
            {
                if (isComplete || ++incomplete == MaxIncompleteLooks)
                    return;
                continue;
            }

            incomplete = 0;
            foreach (var stray in strays)
            {
                LogEnding(stray.Id, what);
                stray.Kill();
                if ((seen ??= []).Add(stray.Id))
                    metrics?.StrayEnded();
            }
        }

        LogNotEnded(what);
    }

    /// <summary>
    /// A scan that begins after this call. Turns that end together share one scan, and after each scan there is a pause of nine times its
    /// duration, so scans take at most a tenth of one core.
    /// </summary>
    private Task<(ProcessScan Scan, bool IsComplete)> Look()
    {
        lock (_lock)
        {
            return _next ??= LookAfter(_paused);
        }
    }

    private async Task<(ProcessScan Scan, bool IsComplete)> LookAfter(Task paused)
    {
        await Task.Yield();
        await paused.ConfigureAwait(false);
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _next = null;
            _paused = over.Task;
        }

        var begin = Stopwatch.GetTimestamp();
        try
        {
            var scan = OperatingSystem.IsLinux() ? ProcessScan.Take() : ProcessScan.Empty;
            var before = _last;
            _last = scan;
            return (scan, scan.IsComplete(before));
        }
        finally
        {
            _ = Pause(over, Stopwatch.GetElapsedTime(begin) * 9);
        }
    }

    private static async Task Pause(TaskCompletionSource over, TimeSpan length)
    {
        await Task.Delay(length).ConfigureAwait(false);
        over.SetResult();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ending stray process {ProcessId} of {What}.")]
    private partial void LogEnding(int processId, string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "Some processes of {What} do not end by SIGKILL; they hang in the kernel.")]
    private partial void LogNotEnded(string what);
}
