using System.Diagnostics;

namespace CodexOrleans.Load.Measures;

/// <summary>Watches a server process, its children and the machine from the begin of a run to its end.</summary>
internal sealed class ServerWatch : IDisposable
{
    // Looking costs at most this share of a core.
    private const int PauseByCost = 200;
    private static readonly TimeSpan _shortestPause = TimeSpan.FromMilliseconds(500);

    private readonly int _server;
    private readonly int? _companion;
    private readonly Thread _sampler;
    private readonly ManualResetEventSlim _stop = new();
    private readonly CpuTimes _begin;
    private long _peakTree;
    private long _threads;

    /// <param name="companion">A process whose CPU time, and that of all it started, counts as the generator's.</param>
    public ServerWatch(int server, int? companion = null)
    {
        _server = server;
        _companion = companion;
        if (ProcFile.Times(server) is null)
            throw new InvalidOperationException($"There is no process {server} to watch. Give the server's process id with --pid.");
        PeakIsOfRun = ProcFile.ResetPeak(server);
        Sample();
        _begin = CpuTimes.Read(server, companion);
        _sampler = new Thread(SampleUntilStopped) { IsBackground = true, Name = "Sampler" };
        _sampler.Start();
    }

    /// <summary>False when the peak of the server's memory could not be reset and so is that of its whole life.</summary>
    public bool PeakIsOfRun { get; }

    /// <summary>Ends the watch.</summary>
    /// <exception cref="InvalidOperationException">The server has ended.</exception>
    public ServerUse Stop()
    {
        var end = CpuTimes.Read(_server, _companion);
        _stop.Set();
        _sampler.Join();
        Sample();
        var ticks = Math.Max(1, end.All - _begin.All);
        var server = end.Server - _begin.Server;
        var children = Math.Max(0, end.Children - _begin.Children);
        var generator = end.Generator - _begin.Generator;
        var rest = end.Busy - _begin.Busy - (server + children) - generator / ProcFile.SecondsPerTick;
        return new ServerUse
        {
            CpuSeconds = server * ProcFile.SecondsPerTick,
            ChildrenCpuSeconds = children * ProcFile.SecondsPerTick,
            PeakBytes = ProcFile.Status(_server, "VmHWM") * 1024,
            PeakTreeBytes = _peakTree,
            Threads = (int)_threads,
            MachineBusy = (end.Busy - _begin.Busy) / (double)ticks,
            RestBusy = Math.Max(0, rest / ticks),
        };
    }

    public void Dispose()
    {
        _stop.Set();
        _sampler.Join();
        _stop.Dispose();
    }

    private void SampleUntilStopped()
    {
        var pause = _shortestPause;
        while (!_stop.Wait(pause))
        {
            var begin = Stopwatch.GetTimestamp();
            Sample();
            var dear = Stopwatch.GetElapsedTime(begin) * PauseByCost;
            pause = dear > _shortestPause ? dear : _shortestPause;
        }
    }

    private void Sample()
    {
        var tree = new List<int>();
        ProcFile.Descendants(_server, tree);
        var bytes = ProcFile.ResidentBytes(_server);
        foreach (var process in tree)
            bytes += ProcFile.ResidentBytes(process);
        _peakTree = Math.Max(_peakTree, bytes);
        _threads = Math.Max(_threads, ProcFile.Status(_server, "Threads"));
    }

    private readonly record struct CpuTimes(long Server, long Children, double Generator, long Busy, long All)
    {
        public static CpuTimes Read(int server, int? companion)
        {
            var (own, children) = ProcFile.TreeTimes(server) ?? throw new InvalidOperationException($"The server, process {server}, has ended. Its output says why.");
            var (busy, all) = ProcFile.Machine();
            var generator = Environment.CpuUsage.TotalTime.TotalSeconds;
            if (companion is { } beside && ProcFile.TreeTimes(beside) is { } besides)
                generator += (besides.Own + besides.Children) * ProcFile.SecondsPerTick;
            return new CpuTimes(own, children, generator, busy, all);
        }
    }
}

/// <summary>What a run cost.</summary>
internal sealed record ServerUse
{
    /// <summary>The server process itself.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>All that the server started.</summary>
    public double ChildrenCpuSeconds { get; init; }

    public long PeakBytes { get; init; }

    /// <summary>Server and descendants; pages that they share are counted more than once, and it is only looked at twice a second.</summary>
    public long PeakTreeBytes { get; init; }

    public int Threads { get; init; }

    /// <summary>Share of all cores that was busy.</summary>
    public double MachineBusy { get; init; }

    /// <summary>Share of all cores that neither server, its children nor the generator used.</summary>
    public double RestBusy { get; init; }
}
