using System.Buffers;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Codex.Exec;

/// <summary>The reader's side: pulls stdout, cuts it into whole lines, hands them on.</summary>
internal sealed partial class ExecTurn
{
    /// <summary>Longest line, without its end.</summary>
    internal const int MaxLine = 16 << 20;

    /// <summary>Read at once from a CLI that says little: many turns wait at the same time, each with a buffer.</summary>
    private const int SmallRead = 4 << 10;

    /// <summary>Read at once from one that says much: all that a pipe holds. Bounds a block, which so stays out of the heap of large objects.</summary>
    private const int LargeRead = 64 << 10;

    /// <summary>The most that the pipe of a process that is gone can still hold (the kernel's limit for pipes).</summary>
    private const int MaxPipe = 1 << 20;

    /// <summary>What a pipe holds is there at once; a read that waits this long finds it empty.</summary>
    private static readonly TimeSpan _pipeIsEmpty = TimeSpan.FromMilliseconds(100);

    private readonly TurnTranscript _transcript;
    private readonly EventBlockBuilder _block = new();
    private byte[] _buffer = [];
    private int _length;
    private int _readSize = SmallRead;
    private int _readAfterCut;
    private bool _threadIdTold;
    private bool _ended;

    public async ValueTask<EventBlock?> Read(CancellationToken cancellationToken = default)
    {
        while (!_ended)
        {
            var stdout = await _stdout.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            var count = stdout is null ? 0 : await ReadSome(stdout, cancellationToken).ConfigureAwait(false);
            var block = count > 0 ? TakeLines(count) : await End(cancellationToken).ConfigureAwait(false);
            if (block is not null)
                return block;
        }

        return null;
    }

    /// <summary>Appends to the buffer's unfinished line; 0 when nothing comes any more.</summary>
    private async ValueTask<int> ReadSome(Stream stdout, CancellationToken cancellationToken)
    {
        MakeRoom();
        var room = _buffer.AsMemory(_length, _readSize);
        try
        {
            if (!_cut.IsCancellationRequested)
            {
                using var either = cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(_cut.Token, cancellationToken) : null;
                try
                {
                    return await stdout.ReadAsync(room, either?.Token ?? _cut.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The process is gone, and something that is not ours keeps the pipe open: read what the pipe holds, no more.
                }
            }

            var count = _readAfterCut < MaxPipe ? await ReadWhatIsThere(stdout, room).ConfigureAwait(false) : 0;
            _readAfterCut += count;
            return count;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            LogStdoutLost(e, _start.TurnId);
            return 0;
        }
    }

    /// <summary>Reads from a pipe whose writer is gone; 0 when it is empty.</summary>
    private static async ValueTask<int> ReadWhatIsThere(Stream pipe, Memory<byte> room)
    {
        using var empty = new CancellationTokenSource();
        // The read looks into the pipe before it waits; so the clock must not start before it has looked.
        var read = pipe.ReadAsync(room, empty.Token);
        if (!read.IsCompleted)
            empty.CancelAfter(_pipeIsEmpty);
        try
        {
            return await read.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    private void MakeRoom()
    {
        var needed = _length + _readSize;
        // Rented arrays are up to twice as long as asked for; a longer one was for a long line, or for a time of many lines.
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
            return Abort(FailureCodes.LineTooLong, $"The Codex CLI printed a line longer than {MaxLine >> 20} MiB, so the turn was stopped. Ask for less output at once.");
        if (lines == 0)
            return null;

        _transcript.Accept(_buffer.AsMemory(0, lines), _block);
        if (_transcript.Outcome is { ErrorCode: not null })
            EndByForce();
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
        _outputOver.TrySetResult();
        var exitCode = await _exited.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        // The tail of stderr is part of the message.
        await _stderrEnded.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
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
        EndByForce();
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
        if (_transcript.Outcome is not null)
        {
            _ended = true;
            _outputOver.TrySetResult();
            if (_transcript.LinesAfterEnd)
                LogLinesAfterEnd(_start.TurnId);
        }

        return block;
    }

    private (TurnStatus Status, string Code, string Message) Failure(int exitCode) => Reason switch
    {
        StopReason.Interrupted => (TurnStatus.Interrupted, FailureCodes.Interrupted, "The turn was interrupted."),
        StopReason.TurnTimeout => (TurnStatus.Failed, FailureCodes.TurnTimeout, $"The turn ran longer than the limit of {_start.Timeout} and was stopped."),
        StopReason.HostDraining => (TurnStatus.Failed, FailureCodes.HostDraining, "The server shut down before the turn was done. Continue the thread when it is back."),
        StopReason.StorageUnavailable => (TurnStatus.Failed, FailureCodes.StorageUnavailable, "The server could not save the turn's events, so the turn was stopped. Continue the thread when the store works again."),
        StopReason.Fenced => (TurnStatus.Failed, FailureCodes.HostLost, "Another server took the thread over."),
        _ when _startFailure is not null => (TurnStatus.Failed, _startFailureCode, _startFailure),
        _ => (TurnStatus.Failed, FailureCodes.CodexExited, ExitMessage(exitCode)),
    };

    private string ExitMessage(int exitCode)
    {
        // .NET reports the death by a signal as the shell does.
        var how = exitCode > 128 ? $"exit code {exitCode}, as by signal {exitCode - 128}" : $"exit code {exitCode}";
        var tail = _stderr.Text();
        return tail.Length == 0
            ? $"The Codex CLI ended without finishing the turn ({how}) and said nothing on stderr."
            : $"The Codex CLI ended without finishing the turn ({how}): {tail}";
    }

    private void EndByForce()
    {
        _forceRequested.TrySetResult();
        _stopRequested.TrySetResult();
    }

    private void ReleaseBuffer()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
