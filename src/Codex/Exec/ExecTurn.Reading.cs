using System.Buffers;
using CodexOrleans.Codex.Events;
using CodexOrleans.Codex.Processes;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Codex.Exec;

/// <summary>The reader's side: reads stdout, splits it into whole lines and passes them to the transcript.</summary>
internal sealed partial class ExecTurn
{
    /// <summary>Longest line, without its end.</summary>
    internal const int MaxLine = 16 << 20;

    /// <summary>Read size for little output. It is small because many turns wait at the same time, each with a buffer.</summary>
    private const int SmallRead = 4 << 10;

    /// <summary>
    /// Read size for much output: the capacity of a pipe. It keeps blocks small enough to stay out of the large object heap.
    /// </summary>
    private const int LargeRead = 64 << 10;

    private readonly TurnTranscript _transcript;
    private readonly EventBlockBuilder _block = new();
    private byte[] _buffer = [];
    private int _length;
    private int _readSize = SmallRead;
    private bool _threadIdTold;
    private bool _ended;

    public async ValueTask<EventBlock?> Read(CancellationToken cancellationToken = default)
    {
        while (!_ended)
        {
            var output = await _process.Output.WaitAsync(cancellationToken).ConfigureAwait(false);
            var count = output is null ? 0 : await ReadSome(output, cancellationToken).ConfigureAwait(false);
            var block = count > 0 ? TakeLines(count) : await End(cancellationToken).ConfigureAwait(false);
            if (block is not null)
                return block;
        }

        return null;
    }

    /// <summary>Reads into the buffer behind its unfinished line; 0 at the end.</summary>
    private async ValueTask<int> ReadSome(ProcessOutput output, CancellationToken cancellationToken)
    {
        MakeRoom();
        try
        {
            return await output.Read(_buffer.AsMemory(_length, _readSize), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            LogStdoutLost(Logger, e, _turn.TurnId);
            return 0;
        }
    }

    private void MakeRoom()
    {
        var needed = _length + _readSize;
        // A rented array may be twice as long as requested; a longer one is left from a long line or a burst, and is returned.
        if (_buffer.Length >= needed && (_buffer.Length <= 4 * needed || _length > 0))
            return;
        // A long line grows by doubling, so that it is not copied for each read.
        var next = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _length > 0 ? 2 * _length : 0));
        _buffer.AsSpan(0, _length).CopyTo(next);
        ReleaseBuffer();
        _buffer = next;
    }

    private EventBlock? TakeLines(int count)
    {
        _readSize = count >= SmallRead ? LargeRead : SmallRead;
        var end = _buffer.AsSpan(_length, count).LastIndexOf((byte)'\n');
        var lines = end < 0 ? 0 : _length + end + 1;
        _length += count;
        var first = lines == 0 ? _length : _buffer.AsSpan(0, lines).IndexOf((byte)'\n');
        if (first > MaxLine)
        {
            return Abort(
                FailureCodes.LineTooLong,
                $"The Codex CLI printed a line longer than {MaxLine >> 20} MiB, so the turn was stopped. Ask for less output at once.");
        }

        if (lines == 0)
            return null;

        _transcript.Accept(_buffer.AsMemory(0, lines), _block);
        if (_transcript.Outcome is { ErrorCode: not null })
            _process.Kill();
        var block = Finish();
        _length -= lines;
        _buffer.AsSpan(lines, _length).CopyTo(_buffer);
        if (_ended)
            ReleaseBuffer();
        return block;
    }

    /// <summary>Stdout has ended: takes an unfinished last line, and ends the turn if the CLI has not.</summary>
    private async ValueTask<EventBlock?> End(CancellationToken cancellationToken)
    {
        _process.EndOutput();
        var exitCode = await _process.Exited.WaitAsync(cancellationToken).ConfigureAwait(false);
        // The message includes the end of stderr, so it must be complete.
        await _process.StderrEnded.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_length > 0)
            _transcript.Accept((byte[])[.. _buffer.AsSpan(0, _length), (byte)'\n'], _block);
        var (status, code, message) = Failure(exitCode);
        _transcript.Fail(status, code, message, _block);
        var block = Finish();
        ReleaseBuffer();
        return block;
    }

    private EventBlock? Abort(string code, string message)
    {
        _process.Kill();
        _transcript.Fail(TurnStatus.Failed, code, message, _block);
        var block = Finish();
        ReleaseBuffer();
        return block;
    }

    private EventBlock? Finish()
    {
        var threadId = _threadIdTold ? null : _transcript.CodexThreadId;
        _threadIdTold |= threadId is not null;
        var block = _block.Build(threadId, _transcript.Outcome);
        _session.Note(threadId, _transcript.Outcome);
        if (_transcript.Outcome is not null)
        {
            _ended = true;
            _process.EndOutput();
            if (_transcript.LinesAfterEnd)
                LogLinesAfterEnd(Logger, _turn.TurnId);
        }

        return block;
    }

    private (TurnStatus Status, string Code, string Message) Failure(int exitCode) => Reason switch
    {
        StopReason.Interrupted => (TurnStatus.Interrupted, FailureCodes.Interrupted, "The turn was interrupted."),
        StopReason.TurnTimeout => (
            TurnStatus.Failed, FailureCodes.TurnTimeout, $"The turn ran longer than the limit of {_turn.Timeout} and was stopped."),
        StopReason.HostDraining => (
            TurnStatus.Failed,
            FailureCodes.HostDraining,
            "The server shut down before the turn was done. Continue the thread when it is back."),
        StopReason.StorageUnavailable => (
            TurnStatus.Failed,
            FailureCodes.StorageUnavailable,
            "The server could not save the turn's events, so the turn was stopped. Continue the thread when the store works again."),
        StopReason.Fenced => (TurnStatus.Failed, FailureCodes.HostLost, "Another server took the thread over."),
        _ when _startFailure is not null => (TurnStatus.Failed, _startFailureCode, _startFailure),
        _ => (TurnStatus.Failed, FailureCodes.CodexExited, ExitMessage(exitCode)),
    };

    private string ExitMessage(int exitCode)
    {
        // .NET reports death by a signal as 128 plus its number, as a shell does.
        var how = exitCode > 128 ? $"exit code {exitCode}, as by signal {exitCode - 128}" : $"exit code {exitCode}";
        var tail = _process.Stderr;
        return tail.Length == 0
            ? $"The Codex CLI ended without finishing the turn ({how}) and said nothing on stderr."
            : $"The Codex CLI ended without finishing the turn ({how}): {tail}";
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Turn {TurnId}: the CLI's stdout cannot be read any longer.")]
    private static partial void LogStdoutLost(ILogger logger, Exception exception, Guid turnId);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Turn {TurnId}: the CLI printed lines after the turn's terminal event; they were dropped.")]
    private static partial void LogLinesAfterEnd(ILogger logger, Guid turnId);
}
