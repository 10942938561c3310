namespace CodexOrleans.WebFront.Feed;

/// <summary>Takes what a viewer gives to a client, whatever protocol the client speaks.</summary>
internal sealed class ViewerLoop(TimeProvider time, StreamShutdown shutdown)
{
    /// <summary>
    /// Runs until the terminal event of <paramref name="untilEndOf"/> has been written, the client takes nothing more or the server
    /// stops. What the caller does afterwards is never done by the thread that writes the log.
    /// </summary>
    /// <param name="untilEndOf">The turn whose end is the end, or null to follow the thread for good.</param>
    /// <param name="aborted">The client has left.</param>
    /// <exception cref="OperationCanceledException">The viewer's token was cancelled.</exception>
    /// <exception cref="TimeoutException">The client took nothing for the write timeout.</exception>
    /// <exception cref="Storage.StorageException">
    /// The log was needed and cannot be read, for a reason that does not pass by itself.
    /// </exception>
    public async Task<ViewerEnd> Run(Viewer viewer, IEventSink sink, Guid? untilEndOf, CancellationToken aborted)
    {
        var stoppingSince = 0L;
        using var onStopping = shutdown.Token.UnsafeRegister(
            _ =>
            {
                Volatile.Write(ref stoppingSince, time.GetTimestamp());
                sink.Hurry();
                viewer.End();
            },
            null);
        await using var idle = sink.Idle() is var first && first != Timeout.InfiniteTimeSpan
            ? time.CreateTimer(static viewer => ((Viewer)viewer!).Wake(), viewer, first, Timeout.InfiniteTimeSpan)
            : null;
        ViewerEnd? end = null;
        while (end is null)
        {
            if (aborted.IsCancellationRequested || sink.Closed)
            {
                end = ViewerEnd.ClientClosed;
                break;
            }

            var next = viewer.Next();
            if (!next.IsCompleted)
                await sink.Flush();
            var step = await next;
            switch (step.Kind)
            {
                case ViewerStepKind.Events:
                    await sink.Write(step.Events);
                    if (step.Events.EndsTurn && step.Events.TurnId == untilEndOf)
                        end = ViewerEnd.TurnEnded;
                    else if (Volatile.Read(ref stoppingSince) is not 0 and var since && time.GetElapsedTime(since) > sink.StopPatience)
                        end = ViewerEnd.ServerStops;
                    break;
                case ViewerStepKind.Ended:
                    end = ViewerEnd.ServerStops;
                    break;
                case ViewerStepKind.Synced:
                    sink.Synced(step.Head);
                    break;
                case ViewerStepKind.Woken:
                    idle?.Change(sink.Idle(), Timeout.InfiniteTimeSpan);
                    break;
            }
        }

        if (end == ViewerEnd.ServerStops)
            sink.Stopped();
        if (end != ViewerEnd.ClientClosed)
            await sink.Flush();
        // The writer of the log may be running this, as it published the last event. The rest of a request would hold up every thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return end.Value;
    }
}

/// <summary>Why a <see cref="ViewerLoop"/> has ended.</summary>
internal enum ViewerEnd
{
    /// <summary>Everything up to the turn's terminal event has been written.</summary>
    TurnEnded,

    /// <summary>The client has left, or takes nothing more.</summary>
    ClientClosed,

    /// <summary>The server stops.</summary>
    ServerStops,
}
