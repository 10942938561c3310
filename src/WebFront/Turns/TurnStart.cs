using CodexOrleans.Grains;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Turns;

/// <summary>What became of a request to start a turn.</summary>
internal abstract record TurnStart(Guid ThreadId)
{
    /// <summary>The turn runs, whatever the caller does next.</summary>
    /// <param name="Viewer">Gives the turn's events from the first one on. The caller disposes of it.</param>
    public sealed record Started(Guid ThreadId, Guid TurnId, Viewer Viewer) : TurnStart(ThreadId);

    /// <summary>There is no such turn.</summary>
    public sealed record Refused(Guid ThreadId, TurnRefusal Refusal) : TurnStart(ThreadId);

    /// <summary>The thread's owner did not answer: the thread shows whether there is a turn now.</summary>
    public sealed record Unanswered(Guid ThreadId) : TurnStart(ThreadId);
}
