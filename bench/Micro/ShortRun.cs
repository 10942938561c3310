using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace CodexOrleans.Micro;

/// <summary>
/// Short measurements inside this process: the whole set takes a few minutes. Good for finding where time and memory go and for a
/// factor between two versions, not for differences of a few percent.
/// </summary>
internal sealed class ShortRun : ManualConfig
{
    public ShortRun()
    {
        Add(DefaultConfig.Instance);
        AddJob(Job.Default
            .WithToolchain(InProcessEmitToolchain.Instance)
            .WithWarmupCount(3)
            .WithIterationCount(8)
            .WithIterationTime(TimeInterval.FromMilliseconds(200)));
        AddDiagnoser(MemoryDiagnoser.Default);
        // The program runs from artifacts/bin/Micro/release.
        ArtifactsPath = Path.GetFullPath("../../../bench/micro", AppContext.BaseDirectory);
        WithOptions(ConfigOptions.JoinSummary);
    }
}
