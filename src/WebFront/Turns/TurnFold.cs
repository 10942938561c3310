using System.Runtime.InteropServices;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Collects a turn's events as they are, without copying them, and tells what they come to.</summary>
internal sealed class TurnFold(Guid turnId, long maxBytes) : IEventSink
{
    private readonly List<ReadOnlyMemory<byte>> _blocks = [];
    private long _bytes;

    /// <summary>True when the events have more bytes than allowed; they are not kept then.</summary>
    public bool TooLarge => _bytes > maxBytes;

    /// <summary>The lines of the CLI's vocabulary, in blocks, each line ended by one <c>\n</c>.</summary>
    public ReadOnlySpan<ReadOnlyMemory<byte>> Blocks => CollectionsMarshal.AsSpan(_blocks);

    bool IEventSink.Closed => TooLarge;

    /// <summary>It waits for no client, so that it takes all that the log has.</summary>
    TimeSpan IEventSink.StopPatience => TimeSpan.MaxValue;

    public ValueTask Write(in EventSlice events)
    {
        // Our own events are not the CLI's: /run answers in its vocabulary only.
        if (events.TurnId != turnId || events.Kind != EventKind.Codex)
            return default;
        _bytes += events.Lines.Length;
        if (TooLarge)
            _blocks.Clear();
        else
            _blocks.Add(events.Lines);
        return default;
    }

    void IEventSink.Synced(long head)
    {
    }

    TimeSpan IEventSink.Idle() => Timeout.InfiniteTimeSpan;

    void IEventSink.Hurry()
    {
    }

    void IEventSink.Stopped()
    {
    }

    ValueTask IEventSink.Flush() => default;

    /// <summary>The text of the last completed agent message as a JSON string, or null.</summary>
    public ReadOnlyMemory<byte>? FinalResponse()
    {
        for (var i = _blocks.Count - 1; i >= 0; i--)
        {
            for (var rest = _blocks[i]; rest.Length > 0;)
            {
                var start = rest.Span[..^1].LastIndexOf((byte)'\n') + 1;
                if (EventLine.AgentMessage(rest[start..^1]) is { } text)
                    return text;
                rest = rest[..start];
            }
        }

        return null;
    }

    /// <summary>The terminal event.</summary>
    public ReadOnlyMemory<byte> LastLine()
    {
        var block = _blocks[^1];
        return block[(block.Span[..^1].LastIndexOf((byte)'\n') + 1)..^1];
    }
}
