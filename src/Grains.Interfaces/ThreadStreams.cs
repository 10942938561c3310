namespace CodexOrleans.Grains;

/// <summary>Stream names; the only place with these strings.</summary>
public static class ThreadStreams
{
    /// <summary>Name of the stream provider that carries <see cref="ThreadEventBatch"/>es.</summary>
    public const string Provider = "thread-events";

    /// <summary>Name of the provider behind it in a cluster: it carries what goes to front ends of other processes.</summary>
    public const string BetweenProcesses = "thread-events-between-processes";

    /// <summary>Namespace of the front ends' streams.</summary>
    public const string Fronts = "front";

    /// <summary>The stream of one front-end process. It subscribes once at start; threads with viewers there publish to it.</summary>
    /// <param name="front">The front end's id, unique per process start.</param>
    public static StreamId ForFront(string front) => StreamId.Create(Fronts, front);
}
