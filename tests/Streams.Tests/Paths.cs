namespace CodexOrleans.Streams.Tests;

/// <summary>Both ways an event can travel, for promises that hold on both.</summary>
public sealed class Paths : TheoryData<PushStreamPath>
{
    public Paths()
    {
        Add(PushStreamPath.InProcess);
        Add(PushStreamPath.QueueGrain);
    }
}
