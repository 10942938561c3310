namespace CodexOrleans.Grains;

/// <summary>
/// The threads on which a starting server rehearses turns. Their ids are the same at each start, so that the next one finds what a
/// killed one left behind. A user's turn is refused on them, and a rehearsal everywhere else.
/// </summary>
public static class RehearsalThreads
{
    /// <summary>How many there are.</summary>
    public const int Count = 16;

    // A UUID of version 8: made by nobody's generator.
    private static readonly Guid[] _ids = [.. Enumerable.Range(0, Count).Select(i => new Guid($"c0de0000-0000-8000-8000-0000000000{i:x2}"))];

    /// <summary>All their ids.</summary>
    public static IReadOnlyList<Guid> Ids => _ids;

    /// <summary>Whether a thread is one of them.</summary>
    public static bool Contains(Guid threadId) => Array.IndexOf(_ids, threadId) >= 0;
}
