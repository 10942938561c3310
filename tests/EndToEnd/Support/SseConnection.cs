using System.Net.ServerSentEvents;

namespace CodexOrleans.EndToEnd.Support;

/// <summary>One open SSE response, read at the caller's pace; what it reads goes onto the tape.</summary>
public sealed class SseConnection : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly EventTape _tape;
    private readonly IAsyncEnumerator<SseItem<byte[]>> _frames;

    private SseConnection(HttpResponseMessage response, Stream body, EventTape tape, CancellationToken cancellationToken)
    {
        _response = response;
        _tape = tape;
        _frames = SseParser.Create(body, (_, data) => data.ToArray()).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    public EventTape Tape => _tape;

    public Guid ThreadId => Guid.Parse(_response.Headers.GetValues("Codex-Thread-Id").Single());

    public Guid TurnId => Guid.Parse(_response.Headers.GetValues("Codex-Turn-Id").Single());

    public HttpResponseMessage Response => _response;

    /// <summary>Sends a request whose answer is a stream.</summary>
    /// <param name="cutAfter">The connection breaks once this many bytes of the body have come.</param>
    public static async Task<SseConnection> Open(HttpClient http, HttpRequestMessage request, EventTape tape, long? cutAfter, CancellationToken cancellationToken)
    {
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode || response.Content.Headers.ContentType?.MediaType != "text/event-stream")
        {
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            throw new HttpRequestException($"No stream but {(int)response.StatusCode} {response.Content.Headers.ContentType}: {body}", null, response.StatusCode);
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return new SseConnection(response, cutAfter is { } bytes ? new CutStream(stream, bytes) : stream, tape, cancellationToken);
    }

    /// <summary>The next frame, or null when the server has ended the stream.</summary>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<SseFrame?> Next()
    {
        if (!await _frames.MoveNextAsync())
            return null;
        var item = _frames.Current;
        var frame = new SseFrame(string.IsNullOrEmpty(item.EventId) ? null : long.Parse(item.EventId), item.EventType, item.Data);
        _tape.Add(frame);
        return frame;
    }

    /// <summary>Reads until a frame that <paramref name="wanted"/> accepts.</summary>
    public async Task<SseFrame> Until(Func<SseFrame, bool> wanted)
    {
        while (await Next() is { } frame)
        {
            if (wanted(frame))
                return frame;
        }

        throw new BrokenPromiseException($"The stream ended before what was awaited came. It had: {string.Join('\n', _tape.Events)}");
    }

    /// <summary>Reads until an event of this kind, such as <c>turn.started</c> or <c>item.started/command_execution</c>.</summary>
    public Task<SseFrame> Until(string kind) => Until(frame => frame.Kind == kind);

    /// <summary>Reads up to the turn's terminal event, which is returned.</summary>
    public Task<SseFrame> UntilTurnEnds() => Until(frame => frame.IsTerminal);

    /// <summary>Reads until the server ends the stream.</summary>
    public async Task ReadToEnd()
    {
        while (await Next() is not null)
        {
        }
    }

    /// <summary>Reads until the connection breaks or ends, however it does.</summary>
    public async Task ReadUntilLost()
    {
        try
        {
            await ReadToEnd();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The loss that the caller waits for.
        }
    }

    public ValueTask DisposeAsync()
    {
        // The enumerator may still wait in a read; the response's end ends that.
        _response.Dispose();
        return default;
    }

    /// <summary>Gives the first bytes of a stream, then breaks like a lost connection.</summary>
    private sealed class CutStream(Stream inner, long bytes) : Stream
    {
        private long _left = bytes;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0)
                throw new IOException("The connection was cut by the test.");
            var read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
