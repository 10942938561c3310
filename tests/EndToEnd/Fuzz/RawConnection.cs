using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>Sends bytes and reads what a server answers to them, however wrong they are; no HTTP client would.</summary>
public sealed class RawConnection(Uri server) : IDisposable
{
    private const int Bounded = 4 * 1024 * 1024;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly byte[] _buffer = new byte[64 * 1024];
    private Socket? _socket;
    private int _start, _end;

    /// <summary>The answer; null when the server hung up without one.</summary>
    /// <exception cref="OperationCanceledException">There is neither within half a minute.</exception>
    public async Task<RawAnswer?> Send(FuzzRequest request, CancellationToken cancellationToken)
    {
        var used = _socket is not null;
        // A server may close a connection between two requests: that is no answer to the second.
        return await SendOnce(request, cancellationToken) ?? (used ? await SendOnce(request, cancellationToken) : null);
    }

    public void Dispose() => Close();

    private async Task<RawAnswer?> SendOnce(FuzzRequest request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        if (_socket is null)
        {
            _socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            (_start, _end) = (0, 0);
            await _socket.ConnectAsync(IPAddress.Loopback, server.Port, limit.Token);
        }

        try
        {
            await SendAll(request, limit.Token);
            // What is waited for will never come: the server learns so by the end of what is sent.
            if (request.Answerable == Answerable.NotEven)
                _socket.Shutdown(SocketShutdown.Send);
            var answer = await Read(request.Method, limit.Token);
            if (answer is null or { Closes: true } || request.Answerable != Answerable.Fully)
                Close();
            return answer;
        }
        catch (SocketException)
        {
            Close();
            return null;
        }
    }

    private async Task SendAll(FuzzRequest request, CancellationToken cancellationToken)
    {
        try
        {
            for (var sent = 0; sent < request.Bytes.Length;)
                sent += await _socket!.SendAsync(request.Bytes.AsMemory(sent), cancellationToken);
        }
        catch (SocketException)
        {
            // The server has refused what it has not read. Its answer may be there.
        }
    }

    private async Task<RawAnswer?> Read(string method, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await Line(cancellationToken) is not { } line)
                return null;
            var status = int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            while (await Line(cancellationToken) is { Length: > 0 } header)
                headers[header.Split(':')[0]] = header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
            if (status == 100)
                continue;
            var answer = new RawAnswer(status, headers, "");
            if (method == "HEAD" || status is 204 or 304 || answer.IsStream)
                return answer;
            return answer with { Body = Encoding.UTF8.GetString(await Body(answer, cancellationToken)) };
        }
    }

    private async Task<byte[]> Body(RawAnswer answer, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        if (answer.Headers.TryGetValue("Content-Length", out var length))
        {
            await Take(body, int.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        }
        else if (answer.Headers.ContainsKey("Transfer-Encoding"))
        {
            while (await Line(cancellationToken) is { } size
                && int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var count)
            {
                await Take(body, count, cancellationToken);
                await Line(cancellationToken);
            }

            await Line(cancellationToken);
        }
        else
        {
            while (await Fill(cancellationToken))
                await Take(body, _end - _start, cancellationToken);
        }

        return body.ToArray();
    }

    private async Task Take(MemoryStream body, int count, CancellationToken cancellationToken)
    {
        while (count > 0 && body.Length < Bounded && (_start < _end || await Fill(cancellationToken)))
        {
            var part = Math.Min(count, _end - _start);
            body.Write(_buffer, _start, part);
            _start += part;
            count -= part;
        }
    }

    private async Task<string?> Line(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (_start < _end || await Fill(cancellationToken))
        {
            var next = (char)_buffer[_start++];
            if (next == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append(next);
        }

        return line.Length > 0 ? line.ToString() : null;
    }

    private async Task<bool> Fill(CancellationToken cancellationToken)
    {
        (_start, _end) = (0, await _socket!.ReceiveAsync(_buffer, cancellationToken));
        return _end > 0;
    }

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }
}

/// <summary>What a server answered.</summary>
/// <param name="Body">Empty for an event stream, which is not read.</param>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public bool IsStream => Type == "text/event-stream";

    public string? Type => Headers.TryGetValue("Content-Type", out var type) ? type.Split(';')[0] : null;

    /// <summary>Nothing more can be sent on its connection.</summary>
    public bool Closes => IsStream
        || Headers.TryGetValue("Connection", out var connection) && connection.Contains("close", StringComparison.OrdinalIgnoreCase);
}
