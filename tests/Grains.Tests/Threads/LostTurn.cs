using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>A turn in the log that nobody runs.</summary>
internal static class LostTurn
{
    /// <param name="owner">Who was to run it; by default a host that was killed.</param>
    public static async Task Leave(IThreadStore store, Guid thread, Guid turn, string owner = "killed") => await store.Commit(new ThreadCommit
    {
        ThreadId = thread,
        Generation = 1,
        Claim = true,
        ExpectedHead = 0,
        Chunks = [new LogChunk { FirstSeq = 1, LastSeq = 1, TurnId = turn, At = 1, Kind = (byte)EventKind.Server, Lines = "{\"type\":\"turn.submitted\"}\n"u8.ToArray() }],
        TurnStart = new TurnStart(turn, owner, 1),
    });
}
