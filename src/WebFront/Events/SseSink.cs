using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Events;

/// <summary>A client that gets events as server-sent events, and comments while there are none.</summary>
/// <param name="heartbeat">How long the stream is idle at most.</param>
internal sealed class SseSink(ClientPipe client, TimeSpan heartbeat, TimeProvider time) : IEventSink
{
    private readonly SseWriter _writer = new(client);

    public bool Closed => client.Closed;

    public TimeSpan StopPatience { get; } = TimeSpan.FromSeconds(2);

    public ValueTask Write(in EventSlice events) => _writer.Write(events);

    public void Synced(long head) => _writer.Marker("synced"u8, head);

    public TimeSpan Idle()
    {
        var idle = time.GetElapsedTime(client.LastFlush);
        if (idle < heartbeat)
            return heartbeat - idle;
        _writer.Comment("idle"u8);
        return heartbeat;
    }

    public void Hurry() => client.Hurry(StopPatience);

    public void Stopped() => _writer.Comment("the server stops, reconnect"u8);

    public ValueTask Flush() => client.HasUnflushed ? client.Flush() : default;
}
