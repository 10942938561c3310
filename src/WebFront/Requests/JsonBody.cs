using System.Buffers;
using System.Threading.RateLimiting;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// The whole body of a request. Whoever has parsed it disposes of it, so that a turn does not hold it for as long as it runs.
/// </summary>
internal sealed class JsonBody : IDisposable
{
    private byte[]? _buffer;
    private int _length;
    private ArrayPool<byte> _pool;
    private RateLimitLease? _room;

    /// <summary>An empty body.</summary>
    /// <param name="capacity">Bytes that are expected.</param>
    /// <param name="pool">Where the buffer comes from and goes back to.</param>
    /// <param name="room">What a large body takes up; null for a small one.</param>
    public JsonBody(int capacity, ArrayPool<byte> pool, RateLimitLease? room)
    {
        _pool = pool;
        _room = room;
        _buffer = pool.Rent(capacity);
    }

    /// <summary>The text without a byte order mark; empty after disposal.</summary>
    public ReadOnlyMemory<byte> Json => JsonText.WithoutByteOrderMark(_buffer.AsMemory(0, _length));

    public int Length => _length;

    public bool IsLarge => _room is not null;

    /// <summary>Where the next bytes belong; empty when a larger buffer is needed.</summary>
    public Memory<byte> Free => _buffer.AsMemory(_length);

    /// <summary>
    /// Makes it the request's body: for <see cref="Take"/>, and for the framework, which reads what an endpoint takes as a parameter.
    /// </summary>
    public void Give(HttpContext context)
    {
        context.Features.Set(this);
        var skipped = _length - Json.Length;
        context.Request.Body = new MemoryStream(_buffer ?? [], skipped, _length - skipped, writable: false);
    }

    /// <summary>
    /// Takes the body from the request; it is empty when there is none. A request may live long after, and its connection longer.
    /// </summary>
    public static JsonBody Take(HttpContext context)
    {
        var body = context.Features.Get<JsonBody>() ?? new JsonBody(0, ArrayPool<byte>.Shared, room: null);
        context.Features.Set<JsonBody>(null);
        context.Request.Body = Stream.Null;
        return body;
    }

    /// <summary>Counts bytes that were written to <see cref="Free"/>.</summary>
    public void Add(int count) => _length += count;

    /// <summary>Moves to a larger buffer.</summary>
    public void Grow(int capacity, ArrayPool<byte> pool, RateLimitLease? room)
    {
        var larger = pool.Rent(capacity);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_buffer is not null)
            _pool.Return(_buffer);
        (_buffer, _pool, _room) = (larger, pool, room);
    }

    public void Dispose()
    {
        var (buffer, room) = (_buffer, _room);
        (_buffer, _length, _room) = (null, 0, null);
        if (buffer is not null)
            _pool.Return(buffer);
        // Afterwards, so that whoever gets the room finds the buffer.
        room?.Dispose();
    }
}
