using CodexOrleans.Grains;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Turns;

/// <summary>What became of an attempt to start a turn.</summary>
internal abstract record StartAttempt(Guid ThreadId)
{
    /// <summary>The turn runs, whatever the caller does next.</summary>
    /// <param name="Viewer">Gives the turn's events from the first one on. The caller disposes of it.</param>
    public sealed record Started(Guid ThreadId, Guid TurnId, Viewer Viewer) : StartAttempt(ThreadId);

    /// <summary>There is no such turn.</summary>
    public sealed record Refused(Guid ThreadId, TurnRefusal Refusal) : StartAttempt(ThreadId);

    /// <summary>The thread's owner did not answer: the thread shows whether there is a turn now.</summary>
    public sealed record Unanswered(Guid ThreadId) : StartAttempt(ThreadId);
}
