using System.Text;

namespace CodexOrleans.WebFront.Tests.Support;

/// <summary>A server-sent event as it came: null for what the frame did not have.</summary>
internal sealed record SseEvent(long? Id, string? Name, string? Data);

/// <summary>Reads server-sent events as a browser does: only what a blank line has ended counts.</summary>
internal sealed class SseClient : IDisposable
{
    /// <summary>How long a test waits for the next event, or for a stream's end. Comments do not count: they come forever.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly Stream _body;
    private readonly MemoryStream _raw = new();
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _parsed;

    private SseClient(HttpResponseMessage response, Stream body)
    {
        Response = response;
        _body = body;
    }

    public HttpResponseMessage Response { get; }

    /// <summary>All bytes so far.</summary>
    public string Raw => Encoding.UTF8.GetString(_raw.GetBuffer(), 0, (int)_raw.Length);

    public static async Task<SseClient> Open(HttpResponseMessage response) =>
        new(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

    /// <summary>Events up to and with the first that fits.</summary>
    public async Task<List<SseEvent>> Until(Func<SseEvent, bool> fits)
    {
        var events = new List<SseEvent>();
        using var patience = StartPatience();
        while (true)
        {
            while (TryParse(out var frame))
            {
                patience.CancelAfter(_patience);
                events.Add(frame);
                if (fits(frame))
                    return events;
            }

            if (!await Fill(_buffer.Length, patience.Token))
                throw new EndOfStreamException($"The stream ended after {events.Count} events.");
        }
    }

    public Task<List<SseEvent>> UntilSeq(long seq) => Until(frame => frame.Id == seq);

    /// <summary>All events until the server ends the stream; an abort throws.</summary>
    public async Task<List<SseEvent>> ToEnd()
    {
        using var patience = StartPatience();
        while (await Fill(_buffer.Length, patience.Token))
        {
        }

        return Parsed();
    }

    /// <summary>The complete events among the next <paramref name="bytes"/> bytes, fewer if the stream ends or <paramref name="lastSeq"/> is among them.</summary>
    public async Task<List<SseEvent>> Cut(int bytes, long lastSeq)
    {
        var events = new List<SseEvent>();
        using var patience = StartPatience();
        for (var left = bytes; left > 0 && !events.Exists(frame => frame.Id == lastSeq);)
        {
            var before = _raw.Length;
            if (!await Fill(Math.Min(left, _buffer.Length), patience.Token))
                break;
            left -= (int)(_raw.Length - before);
            events.AddRange(Parsed());
        }

        return events;
    }

    public void Dispose()
    {
        _body.Dispose();
        Response.Dispose();
    }

    private List<SseEvent> Parsed()
    {
        var events = new List<SseEvent>();
        while (TryParse(out var frame))
            events.Add(frame);
        return events;
    }

    private static CancellationTokenSource StartPatience()
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(_patience);
        return patience;
    }

    private async Task<bool> Fill(int most, CancellationToken patience)
    {
        try
        {
            var read = await _body.ReadAsync(_buffer.AsMemory(0, most), patience);
            _raw.Write(_buffer, 0, read);
            return read > 0;
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"What was expected did not come within {_patience}. The stream ends with: {Raw[^Math.Min(Raw.Length, 200)..]}");
        }
    }

    private bool TryParse(out SseEvent frame)
    {
        while (true)
        {
            var rest = _raw.GetBuffer().AsSpan(_parsed, (int)_raw.Length - _parsed);
            var end = rest.IndexOf("\n\n"u8);
            if (end < 0)
            {
                frame = null!;
                return false;
            }

            _parsed += end + 2;
            frame = new(null, null, null);
            foreach (var line in Encoding.UTF8.GetString(rest[..end]).Split('\n'))
            {
                var colon = line.IndexOf(": ", StringComparison.Ordinal);
                var value = line[(colon + 2)..];
                frame = line[..colon] switch
                {
                    "id" => frame with { Id = long.Parse(value) },
                    "event" => frame with { Name = value },
                    "data" => frame with { Data = value },
                    "" => frame,
                    _ => throw new InvalidDataException(line),
                };
            }

            // A frame of comments only is no event.
            if (frame.Data is not null)
                return true;
        }
    }
}
