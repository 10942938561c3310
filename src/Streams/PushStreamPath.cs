namespace CodexOrleans.Streams;

/// <summary>How an event gets from its producer to the pulling agent of its queue.</summary>
public enum PushStreamPath
{
    /// <summary>
    /// Through a grain per queue: works in a cluster of any size and for external clients. The grain lives beside its agent when it can.
    /// </summary>
    QueueGrain = 0,

    /// <summary>
    /// Through memory shared by producer and agent. Only for a cluster of exactly one silo whose producers live in the silo's process:
    /// an event published in one silo would never reach a queue that another silo reads.
    /// </summary>
    InProcess = 1,
}
