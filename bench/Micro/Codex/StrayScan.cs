using System.Diagnostics;
using System.Runtime.Versioning;
using BenchmarkDotNet.Attributes;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Micro.Codex;

/// <summary>
/// The look at all processes that ends each turn, on a machine that runs some more of them. Scans are paced, so
/// <see cref="EndTurn"/> alone in a loop mostly waits; <see cref="EndTurns"/> shows what sharing a scan is worth.
/// </summary>
[SupportedOSPlatform("linux")]
public class StrayScan
{
    private const int Together = 100;

    private readonly List<Process> _others = [];
    private readonly StrayProcesses _strays = new(ProcessTag.Ephemeral(), NullLogger<StrayProcesses>.Instance);

    /// <summary>Idle processes beside those of the machine, tagged as turns of another server.</summary>
    [Params(0, 200)]
    public int Others { get; set; }

    [GlobalSetup]
    public void Start()
    {
        for (var i = 0; i < Others; i++)
        {
            var start = new ProcessStartInfo("sleep", "3600");
            start.Environment[ProcessTag.HostVariable] = ProcessTag.Ephemeral().Value;
            start.Environment[ProcessTag.TurnVariable] = Guid.CreateVersion7().ToString();
            _others.Add(Process.Start(start)!);
        }
    }

    [GlobalCleanup]
    public void End()
    {
        foreach (var process in _others)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _others.Clear();
    }

    [Benchmark(Description = "one scan")]
    public int Scan() => ProcessScan.Take().Tagged.Count;

    [Benchmark(Description = "end a turn, one after another")]
    public Task EndTurn() => _strays.EndTurn(Guid.CreateVersion7());

    [Benchmark(Description = "end 100 turns together, per turn", OperationsPerInvoke = Together)]
    public Task EndTurns() => Task.WhenAll(Enumerable.Range(0, Together).Select(_ => _strays.EndTurn(Guid.CreateVersion7())));
}
