using System.Buffers;
using System.IO.Pipelines;

namespace CodexOrleans.WebFront.Events;

/// <summary>A response's pipe with a bound on what waits unflushed, and on how long the client may take nothing.</summary>
internal sealed class ClientPipe(PipeWriter pipe, TimeProvider time, TimeSpan writeTimeout) : IBufferWriter<byte>, IDisposable
{
    /// <summary>
    /// What is written between two flushes, about: the buffer one connection costs, and what a client must take within the write
    /// timeout.
    /// </summary>
    public const int FlushBytes = 64 * 1024;

    private readonly CancellationTokenSource _stalled = new(Timeout.InfiniteTimeSpan, time);
    private TimeSpan _patience = writeTimeout;
    private int _unflushed;

    /// <summary>True when something waits to be flushed.</summary>
    public bool HasUnflushed => _unflushed > 0;

    /// <summary>True when the client has gone; writing on is harmless and useless.</summary>
    public bool Closed { get; private set; }

    /// <summary>Time of the last flush, as <see cref="TimeProvider.GetTimestamp"/> counts.</summary>
    public long LastFlush { get; private set; } = time.GetTimestamp();

    public Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    public Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public void Advance(int count)
    {
        pipe.Advance(count);
        _unflushed += count;
    }

    /// <summary>Sends what has been written.</summary>
    /// <exception cref="TimeoutException">The client took nothing for the write timeout.</exception>
    public ValueTask Flush()
    {
        _unflushed = 0;
        LastFlush = time.GetTimestamp();
        var flush = pipe.FlushAsync(_stalled.Token);
        if (!flush.IsCompletedSuccessfully)
            return FlushSlowly(flush);
        Closed |= flush.Result.IsCompleted;
        return default;
    }

    /// <inheritdoc cref="Flush"/>
    /// <summary>Sends what has been written if that is much.</summary>
    public ValueTask FlushIfFull() => _unflushed >= FlushBytes / 2 ? Flush() : default;

    /// <summary>Leaves a client that takes nothing no more than <paramref name="limit"/> from now on, for when the server stops.</summary>
    public void Hurry(TimeSpan limit)
    {
        _patience = limit;
        _stalled.CancelAfter(limit);
    }

    public void Dispose() => _stalled.Dispose();

    private async ValueTask FlushSlowly(ValueTask<FlushResult> flush)
    {
        var patience = _patience;
        _stalled.CancelAfter(patience);
        try
        {
            Closed |= (await flush).IsCompleted;
        }
        catch (OperationCanceledException) when (_stalled.IsCancellationRequested)
        {
            throw new TimeoutException($"The client took nothing for {patience}.");
        }

        _stalled.CancelAfter(Timeout.InfiniteTimeSpan);
    }
}
