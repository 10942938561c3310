using CodexOrleans.Storage;

namespace CodexOrleans.Grains.Tests.Threads;

/// <summary>A turn in the log whose owner was killed.</summary>
internal static class LostTurn
{
    public static async Task Leave(IThreadStore store, Guid thread, Guid turn) => await store.Commit(new ThreadCommit
    {
        ThreadId = thread,
        Generation = 1,
        Claim = true,
        ExpectedHead = 0,
        Chunks = [new LogChunk { FirstSeq = 1, LastSeq = 1, TurnId = turn, At = 1, Kind = (byte)EventKind.Server, Lines = "{\"type\":\"turn.submitted\"}\n"u8.ToArray() }],
        TurnStart = new TurnStart(turn, "killed", 1),
    });
}
