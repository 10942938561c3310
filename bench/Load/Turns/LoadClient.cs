using System.Diagnostics;
using System.Text;
using CodexOrleans.Load.Http;
using CodexOrleans.Load.Sockets;

namespace CodexOrleans.Load.Turns;

/// <summary>One client's connection and what it has seen of the turn under way.</summary>
internal sealed class LoadClient : IResponseBody, IEventFrames, IDocumentEvents, IDisposable
{
    private const int ErrorBytesKept = 400;

    private readonly ResponseReader _response = new();
    private readonly EventOrder _order = new();
    private readonly SseReader _sse;
    private readonly RunDocumentReader _document;
    private readonly StringBuilder _error = new();

    private long _requestedAt;
    private long _endedAt;
    private long _lastId;
    private long _receivedAt;
    private bool _firstByte;
    private bool _firstEvent;
    private bool _firstText;
    private bool _completed;
    private bool _failed;

    public LoadClient(ClientPlan plan, int number)
    {
        Plan = plan;
        Number = number;
        _sse = new SseReader(this);
        _document = new RunDocumentReader(this);
    }

    public ClientPlan Plan { get; }

    public int Number { get; }

    public TcpConnection? Connection { get; set; }

    /// <summary>The connection has served a turn before, so the server may have closed it by now.</summary>
    public bool Reused { get; set; }

    public int TurnsStarted { get; set; }

    public bool Waiting { get; private set; }

    public int SentBytes { get; set; }

    public bool Untouched => _response.Untouched;

    public bool KeepAlive => _response.KeepAlive;

    /// <summary>The turn is over: its response has ended, or a follower has seen the terminal event.</summary>
    public bool Ended => _response.Done || (Plan.Kind == RequestKind.Follow && (_completed || _failed));

    /// <summary>Forgets the last turn and begins to wait for the next one.</summary>
    public void Begin()
    {
        _response.Reset();
        _order.Reset();
        _sse.Reset();
        _document.Reset();
        _error.Clear();
        _firstByte = _firstEvent = _firstText = _completed = _failed = false;
        _lastId = -1;
        _endedAt = 0;
        SentBytes = 0;
        Waiting = true;
        _requestedAt = Stopwatch.GetTimestamp();
        Plan.Result.FirstRequestAt = Math.Min(Plan.Result.FirstRequestAt, _requestedAt);
    }

    /// <exception cref="FormatException">The response is not HTTP/1.1, or something follows it.</exception>
    public void Received(ReadOnlySpan<byte> bytes, long at)
    {
        if (!_firstByte)
        {
            _firstByte = true;
            Plan.Result.FirstByte.Add(at - _requestedAt);
        }

        _receivedAt = at;
        Plan.Result.Bytes += bytes.Length;
        var read = _response.Read(bytes, this, at);
        if (read < bytes.Length)
            throw new FormatException($"{bytes.Length - read} bytes follow the end of the response.");
    }

    /// <summary>The server closed the connection; true when the response was complete by that.</summary>
    public bool Closed() => _response.Close();

    /// <summary>Books the turn.</summary>
    /// <param name="problem">Why it failed, when the response did not come to its end.</param>
    /// <returns>True when the turn completed.</returns>
    public bool Finish(string? problem)
    {
        Waiting = false;
        var result = Plan.Result;
        result.RepeatedEvents += _order.Repeated;
        result.ReorderedEvents += _order.Reordered;
        problem ??= _response.Status != 200 ? $"HTTP {_response.Status}: {_error}"
            : _failed ? $"The turn failed: {_error}"
            : !_completed ? $"The response ended after {_order.Distinct} events without turn.completed. {_error}"
            : null;
        if (problem is not null)
        {
            result.Fail(problem);
            return false;
        }

        result.Turns++;
        result.Done.Add(_endedAt - _requestedAt);
        result.LastEndAt = Math.Max(result.LastEndAt, _endedAt);
        if (Plan.Events is { } expected)
            result.LostEvents += expected - _order.Distinct;
        return true;
    }

    public void Append(ReadOnlySpan<byte> piece, long receivedAt)
    {
        if (_response.Status != 200)
            KeepError(piece);
        else if (Plan.Kind == RequestKind.Run)
            _document.Append(piece, receivedAt);
        else
            _sse.Append(piece, receivedAt);
    }

    public void Frame(long id, bool named, ReadOnlySpan<byte> data, long receivedAt)
    {
        var result = Plan.Result;
        if (id >= 0)
        {
            if (id <= _lastId)
                result.IdFaults++;
            _lastId = id;
        }

        if (named)
            return;
        if (!_firstEvent)
        {
            _firstEvent = true;
            result.FirstEvent.Add(receivedAt - _requestedAt);
        }

        switch (EventLine.Read(data, out var number, out var writtenAt))
        {
            case EventLineKind.NumberedText:
                result.Events++;
                _order.Add(number);
                result.Latency.Add(receivedAt - writtenAt);
                FirstText(receivedAt);
                break;
            case EventLineKind.Text:
                result.Events++;
                FirstText(receivedAt);
                break;
            case EventLineKind.Item:
                result.Events++;
                break;
            case EventLineKind.Completed:
                _completed = true;
                _endedAt = receivedAt;
                break;
            case EventLineKind.Failed:
                _failed = true;
                KeepError(data);
                break;
        }
    }

    public void Numbered(int number)
    {
        Plan.Result.Events++;
        _order.Add(number);
    }

    public void Completed()
    {
        _completed = true;
        _endedAt = _receivedAt;
    }

    public void Disconnect()
    {
        Connection?.Dispose();
        Connection = null;
        Reused = false;
    }

    public void Dispose() => Disconnect();

    private void FirstText(long at)
    {
        if (_firstText)
            return;
        _firstText = true;
        Plan.Result.FirstText.Add(at - _requestedAt);
    }

    private void KeepError(ReadOnlySpan<byte> bytes)
    {
        if (_error.Length < ErrorBytesKept)
            _error.Append(Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, ErrorBytesKept)]));
    }
}
