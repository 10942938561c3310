namespace CodexOrleans.Streams;

/// <summary>
/// One queue of a provider; the key is made by <see cref="QueueGrain.KeyOf"/>. Its events are lost with its silo: consumers then read the
/// producers' log.
/// </summary>
[Alias("push.IQueueGrain")]
internal interface IQueueGrain : IGrainWithStringKey
{
    /// <exception cref="PushQueueFullException">The queue holds as much as it may; nothing was added.</exception>
    [Alias("Enqueue")]
    Task Enqueue(PushBatchContainer batch);

    /// <summary>
    /// Takes what is there, or waits up to <paramref name="wait"/> for the first batch. Empty when nothing came or the silo stops.
    /// </summary>
    /// <param name="reader">The agent; see <see cref="EventQueue.TakeAsync"/>.</param>
    [Alias("Dequeue")]
    Task<PushBatchContainer[]> Dequeue(Guid reader, int maxBatches, TimeSpan wait, CancellationToken cancellationToken);
}
