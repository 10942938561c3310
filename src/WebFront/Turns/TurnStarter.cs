using CodexOrleans.Grains;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Starts turns for every door that takes prompts, whatever its protocol.</summary>
internal sealed class TurnStarter(FrontFeed feed)
{
    /// <summary>Starts the turn that the body asks for, on its thread or on a new one.</summary>
    /// <param name="user">Name of the caller.</param>
    /// <param name="body">Checked but for its paths: these are judged where the turn runs, which may be another machine.</param>
    /// <param name="rehearsal">Whether the server itself asks, to warm up.</param>
    /// <param name="cancelled">Ends the wait for a turn slot, and later the viewer; never an accepted turn.</param>
    /// <exception cref="OperationCanceledException">The caller left before the turn was accepted.</exception>
    public async ValueTask<StartAttempt> Start(string user, TurnBody body, bool rehearsal, CancellationToken cancelled)
    {
        var request = body.ToRequest() with { Admission = new TurnAdmission { User = user } };
        if (rehearsal)
            request = request with { Rehearsal = true, NewThread = true };
        var threadId = body.ThreadId ?? Guid.CreateVersion7();
        try
        {
            var (result, viewer) = await feed.StartTurn(threadId, request, cancelled);
            return viewer is null
                ? new StartAttempt.Refused(threadId, result.Refusal!)
                : new StartAttempt.Started(threadId, result.Started!.TurnId, viewer);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException
            || (e is OperationCanceledException && !cancelled.IsCancellationRequested))
        {
            return new StartAttempt.Unanswered(threadId);
        }
    }
}
