using BenchmarkDotNet.Attributes;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.Micro.Storage;

/// <summary>A chunk without the database: made into a commit and checked on the way in, taken by a viewer on the way out.</summary>
public class CommitBuilding
{
    private readonly byte[] _one = SampleLines.Messages(1);
    private readonly byte[] _burst = SampleLines.Messages(SampleLines.Burst);
    private readonly LogOwner _owner = new(null!);
    private LogChunk _chunk = null!;

    [GlobalSetup]
    public void Build() => _chunk = new LogOwner(null!).Next(_burst, SampleLines.Burst).Chunks[0];

    [Benchmark(Description = "commit of 1 line")]
    public object CommitOne() => Checked(_owner.Next(_one, 1));

    [Benchmark(Description = "commit of 150 lines")]
    public object CommitMany() => Checked(_owner.Next(_burst, SampleLines.Burst));

    [Benchmark(Description = "second half of a chunk of 150 lines")]
    public long Slice() => EventSlice.After(SampleLines.Burst / 2, _chunk).Count;

    private static ThreadCommit Checked(ThreadCommit commit)
    {
        commit.Validate();
        return commit;
    }
}
