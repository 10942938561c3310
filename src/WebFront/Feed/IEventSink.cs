namespace CodexOrleans.WebFront.Feed;

/// <summary>
/// Where a <see cref="ViewerLoop"/> takes a viewer's events. Called by one caller at a time, but for <see cref="Hurry"/>.
/// </summary>
internal interface IEventSink
{
    /// <summary>True when the client takes nothing more.</summary>
    bool Closed { get; }

    /// <summary>
    /// How long events are still taken after the server has begun to stop; who is further behind must read on at another server.
    /// </summary>
    TimeSpan StopPatience { get; }

    /// <summary>Takes events. Waits for a client that is slow.</summary>
    ValueTask Write(in EventSlice events);

    /// <summary>Everything up to <paramref name="head"/> has been written; what follows is live.</summary>
    void Synced(long head);

    /// <summary>Nothing has come for a while.</summary>
    /// <returns>When to be called again if nothing comes until then; <see cref="Timeout.InfiniteTimeSpan"/> for never.</returns>
    TimeSpan Idle();

    /// <summary>The server begins to stop. May be called by any thread, at any time.</summary>
    void Hurry();

    /// <summary>The server stops, and no further events are given.</summary>
    void Stopped();

    /// <summary>Sends what has been written. Called whenever there is nothing to write for now.</summary>
    ValueTask Flush();
}
