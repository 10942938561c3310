namespace CodexOrleans.WebFront.Feed;

/// <summary>What a viewer gets next.</summary>
internal enum ViewerStepKind
{
    /// <summary><see cref="ViewerStep.Events"/> holds the next events.</summary>
    Events,

    /// <summary>Everything up to <see cref="ViewerStep.Head"/> has been given; what follows is live. Comes once.</summary>
    Synced,

    /// <summary>Nothing new: someone called <see cref="Viewer.Wake"/>.</summary>
    Woken,

    /// <summary>Someone called <see cref="Viewer.End"/>, and everything that the log held then has been given.</summary>
    Ended,
}

/// <summary>One step of a viewer.</summary>
internal readonly struct ViewerStep
{
    public required ViewerStepKind Kind { get; init; }

    public EventSlice Events { get; init; }

    public long Head { get; init; }
}
