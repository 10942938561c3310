namespace CodexOrleans.Streams;

/// <summary>
/// A publish was refused and none of its events will be delivered, because the queue holds as much as it may: its agent is not reading
/// (it is starting, moving or gone) or is far slower than the producers. Consumers find the gap and read it from the log.
/// </summary>
[GenerateSerializer, Alias("push.PushQueueFullException")]
public sealed class PushQueueFullException : Exception
{
    public PushQueueFullException()
    {
    }

    public PushQueueFullException(string message)
        : base(message)
    {
    }

    public PushQueueFullException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal PushQueueFullException(string queue, int events, long bytes, PushStreamOptions options)
        : base($"Stream queue '{queue}' is full with {events} events ({bytes} bytes) that its agent has not taken; "
            + $"the limits are {options.MaxQueuedEvents} events and {options.MaxQueuedBytes} bytes. Nothing was published.")
    {
    }
}
