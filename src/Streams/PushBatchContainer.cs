using System.Diagnostics;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace CodexOrleans.Streams;

/// <summary>
/// The events of one publish call; they stay together up to the consumer. Within a process the events are passed by reference. The
/// producer's request context is not carried.
/// </summary>
[GenerateSerializer, Immutable, Alias("push.PushBatchContainer")]
internal sealed class PushBatchContainer(StreamId streamId, object[] events, long bytes) : IBatchContainer
{
    [Id(0)]
    private EventSequenceTokenV2? _token;

    [Id(1)]
    public StreamId StreamId { get; } = streamId;

    [Id(2)]
    public object[] Events { get; } = events;

    /// <summary>Sum of <see cref="PushStreamOptions.SizeOf"/> over the events.</summary>
    [Id(3)]
    public long Bytes { get; } = bytes;

    public StreamSequenceToken SequenceToken => Token;

    private EventSequenceTokenV2 Token =>
        _token ?? throw new UnreachableException("A container is numbered before anything reads its token.");

    /// <summary>
    /// Gives the batch its place in its agent's cache. The agent numbers, not the queue: a queue that is rebuilt on a silo with a slower
    /// clock would otherwise go back in numbers under a living agent, and new events would be taken for old ones.
    /// </summary>
    public void Number(long sequence) => _token = new EventSequenceTokenV2(sequence);

    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>()
    {
        for (var i = 0; i < Events.Length; i++)
        {
            if (Events[i] is T item)
                yield return Tuple.Create<T, StreamSequenceToken>(item, Token.CreateSequenceTokenForEvent(i));
        }
    }

    public bool ImportRequestContext() => false;
}
