namespace CodexOrleans.Codex.Processes;

/// <summary>
/// The output of a process on one of its pipes. After the process has ended, only what is already in the pipe is read, because a process
/// that the server does not control may keep the pipe open for ever.
/// </summary>
internal sealed class ProcessOutput(Stream pipe, CancellationToken gone)
{
    /// <summary>Most bytes that are read after the process has ended: the kernel's limit for pipes.</summary>
    private const int MaxPipe = 1 << 20;

    /// <summary>A read that waits longer than this has found the pipe empty: bytes in it are readable at once.</summary>
    private static readonly TimeSpan _pipeIsEmpty = TimeSpan.FromMilliseconds(100);

    /// <summary>Buffer for discarded bytes, shared by all processes.</summary>
    private static readonly byte[] _discarded = new byte[4_096];

    private int _readAfterEnd;

    /// <summary>Reads the next bytes; 0 at the end.</summary>
    /// <exception cref="IOException">The pipe cannot be read.</exception>
    public async ValueTask<int> Read(Memory<byte> room, CancellationToken cancellationToken = default)
    {
        if (!gone.IsCancellationRequested)
        {
            using var either = cancellationToken.CanBeCanceled
                ? CancellationTokenSource.CreateLinkedTokenSource(gone, cancellationToken)
                : null;
            try
            {
                return await pipe.ReadAsync(room, either?.Token ?? gone).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The process has ended, and another one holds the pipe open.
            }
        }

        var count = _readAfterEnd < MaxPipe ? await ReadWhatIsThere(room).ConfigureAwait(false) : 0;
        _readAfterEnd += count;
        return count;
    }

    /// <summary>Discards output until the process has ended, so that a full pipe does not block it.</summary>
    public async Task Discard()
    {
        try
        {
            while (await pipe.ReadAsync(_discarded, gone).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // Another process holds the pipe open.
        }
    }

    private async ValueTask<int> ReadWhatIsThere(Memory<byte> room)
    {
        using var empty = new CancellationTokenSource();
        // The timeout starts only after the read has found the pipe empty and waits.
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
}
