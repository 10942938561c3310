using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Feed;

/// <summary>Reaches the grain that owns a thread.</summary>
internal delegate IThreadGrain ThreadOwner(Guid threadId);
