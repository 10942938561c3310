namespace CodexOrleans.Codex.Processes;

/// <summary>
/// What a process prints on one of its pipes. When the process is gone, what the pipe holds is still read, and no more than that:
/// something that is not ours may keep the pipe open.
/// </summary>
internal sealed class ProcessOutput(Stream pipe, CancellationToken gone)
{
    /// <summary>The most that the pipe of a process that is gone can still hold (the kernel's limit for pipes).</summary>
    private const int MaxPipe = 1 << 20;

    /// <summary>What a pipe holds is there at once; a read that waits this long finds it empty.</summary>
    private static readonly TimeSpan _pipeIsEmpty = TimeSpan.FromMilliseconds(100);

    /// <summary>Takes what nobody reads, of all processes at once.</summary>
    private static readonly byte[] _discarded = new byte[4_096];

    private int _readAfterEnd;

    /// <summary>Reads what comes next; 0 when nothing comes any more.</summary>
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
                // The process is gone, and something else holds the pipe.
            }
        }

        var count = _readAfterEnd < MaxPipe ? await ReadWhatIsThere(room).ConfigureAwait(false) : 0;
        _readAfterEnd += count;
        return count;
    }

    /// <summary>Throws away what comes, so that the process is not held up by a full pipe; until it is gone.</summary>
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
            // Something else holds the pipe.
        }
    }

    private async ValueTask<int> ReadWhatIsThere(Memory<byte> room)
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
}
