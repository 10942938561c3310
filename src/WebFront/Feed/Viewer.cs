using System.Runtime.CompilerServices;
using System.Threading.Channels;
using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.WebFront.Feed;

/// <summary>
/// One reader of one thread: gives the events after a cursor in order, each once. It takes them from a bounded queue that the feed
/// fills, and from the log whenever that queue cannot be trusted:
/// <code>
///            empty page: synced
///   log  ------------------------>  live
///        &lt;------------------------
///     overflow, gap in seq, silence
/// </code>
/// While the database is away, a viewer that needs the log waits for it: whatever its client was missing, a connection to another front
/// end would not get it sooner.
/// </summary>
/// <remarks>One caller at a time may use <see cref="Next"/>; all else is safe from any thread.</remarks>
internal sealed class Viewer : IDisposable
{
    /// <summary>Between two tries to read a log that is away.</summary>
    internal static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly FollowedThread _thread;
    private readonly IThreadReader _log;
    private readonly SemaphoreSlim _readers;
    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancelled;
    private readonly CancellationTokenRegistration _wakeOnCancel;

    // A null entry only wakes the reader.
    private readonly Channel<ThreadEventBatch?> _queue;
    private long _queuedBytes;
    private int _wakeQueued;

    // Something the reader needs is neither in the queue nor going to be: only the log has it.
    private volatile bool _behind;
    private volatile bool _started;
    private volatile bool _ending;
    private long _cursor;
    private long _received;
    private long _receivedAtLastCheck = -1;

    private IReadOnlyList<LogChunk> _page = [];
    private int _pageIndex;
    private bool _live;
    private bool _leftLive;
    private bool _synced;
    private int _disposed;

    /// <param name="readers">Who may read the log now, of all viewers.</param>
    /// <param name="inline">True to let whoever offers a batch also run the reader that waits for it: no change of threads.</param>
    public Viewer(
        FollowedThread thread,
        IThreadReader log,
        SemaphoreSlim readers,
        FeedOptions options,
        TimeProvider time,
        bool inline,
        CancellationToken cancelled)
    {
        _thread = thread;
        _log = log;
        _readers = readers;
        _options = options;
        _time = time;
        _cancelled = cancelled;
        _queue = Channel.CreateBounded<ThreadEventBatch?>(
            new BoundedChannelOptions(options.ViewerBatches) { SingleReader = true, AllowSynchronousContinuations = inline });
        _wakeOnCancel = cancelled.UnsafeRegister(static viewer => ((Viewer)viewer!).Wake(), this);
    }

    public Guid ThreadId => _thread.Id;

    /// <summary>Number of the last event given.</summary>
    public long Cursor => Volatile.Read(ref _cursor);

    /// <summary>True while the last event given is its turn's terminal one.</summary>
    public bool AtEndOfTurn { get; private set; }

    /// <summary>False until the cursor is known; such a viewer only collects.</summary>
    public bool Started => _started;

    /// <summary>True while events come from the log and not from the queue.</summary>
    public bool ReadsLog => _started && !Volatile.Read(ref _live);

    /// <summary>Bytes that wait in the queue.</summary>
    internal long QueuedBytes => Interlocked.Read(ref _queuedBytes);

    /// <summary>Reads the log after <paramref name="cursor"/>, then follows.</summary>
    public void StartInLog(long cursor) => Start(cursor, live: false);

    /// <summary>
    /// Follows from <paramref name="cursor"/> + 1 on without reading the log: that event came, or will come, after this viewer was
    /// made.
    /// </summary>
    public void StartLive(long cursor) => Start(cursor, live: true);

    /// <summary>The next step. Waits until there is one.</summary>
    /// <exception cref="OperationCanceledException">The viewer's token was cancelled.</exception>
    /// <exception cref="StorageException">The log was needed and cannot be read, for a reason that does not pass by itself.</exception>
    public ValueTask<ViewerStep> Next() =>
        _live && !_cancelled.IsCancellationRequested && TryTakeLive(out var step) ? new(step) : NextSlow();

    /// <summary>Makes a waiting <see cref="Next"/> return <see cref="ViewerStepKind.Woken"/>.</summary>
    public void Wake()
    {
        // A full queue needs no waking: its reader has something to do.
        if (Interlocked.Exchange(ref _wakeQueued, 1) == 0 && !_queue.Writer.TryWrite(null))
            Volatile.Write(ref _wakeQueued, 0);
    }

    /// <summary>Hands over a published batch, or remembers that there was no room for it. Never waits.</summary>
    public void Offer(ThreadEventBatch batch)
    {
        if (_behind)
            return;
        if (Interlocked.Add(ref _queuedBytes, batch.Lines.Length) > _options.ViewerBytes || !_queue.Writer.TryWrite(batch))
        {
            Interlocked.Add(ref _queuedBytes, -batch.Lines.Length);
            Repair(RepairReason.Overflow);
            return;
        }

        Volatile.Write(ref _received, batch.LastSeq);
    }

    /// <summary>Sends the viewer to the log.</summary>
    public void Repair(RepairReason reason)
    {
        _thread.Metrics?.Repaired(reason);
        SendToLog();
    }

    private void SendToLog()
    {
        _behind = true;
        Wake();
    }

    /// <summary>
    /// Makes <see cref="Next"/> give what the log still has, and then <see cref="ViewerStepKind.Ended"/>: what was committed just
    /// before the end may not have arrived by stream yet.
    /// </summary>
    public void End()
    {
        _ending = true;
        SendToLog();
    }

    /// <summary>Compares what came with the log's head; repairs if events are missing and none came since the last check.</summary>
    /// <returns>True when it had to repair.</returns>
    public bool CheckTail(long head)
    {
        if (!_started)
            return false;
        var received = Math.Max(Volatile.Read(ref _received), Cursor);
        var silent = received == Interlocked.Exchange(ref _receivedAtLastCheck, received);
        if (!silent || head <= received)
            return false;
        Repair(RepairReason.Silence);
        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _wakeOnCancel.Dispose();
        _thread.Leave(this);
    }

    private void Start(long cursor, bool live)
    {
        Volatile.Write(ref _cursor, cursor);
        _live = live;
        _synced = live;
        _started = true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ViewerStep> NextSlow()
    {
        while (true)
        {
            _cancelled.ThrowIfCancellationRequested();
            if (_live)
            {
                if (TryTakeLive(out var step))
                    return step;
                if (_live)
                    await _queue.Reader.WaitToReadAsync(CancellationToken.None);
                continue;
            }

            if (TryTakePage(out var read))
                return read;

            if (_leftLive)
            {
                // The writer of the log may be running this, as it published last. A backlog read here would hold up every thread.
                _leftLive = false;
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            }

            if (await ReadPage() is not { } ending)
            {
                if (_ending)
                    return new() { Kind = ViewerStepKind.Ended };
                // The caller can send a heartbeat meanwhile, so that its client does not take the connection for dead.
                await Task.Delay(Pause, _time, _cancelled);
                return new() { Kind = ViewerStepKind.Woken };
            }

            if (_page.Count > 0)
                continue;
            if (ending)
                return new() { Kind = ViewerStepKind.Ended };
            _live = true;
            if (!_synced)
            {
                _synced = true;
                return new() { Kind = ViewerStepKind.Synced, Head = Cursor };
            }
        }
    }

    /// <summary>
    /// Reads the next page. Returns whether the viewer was to end when the read began; null when the database is away or others still
    /// read it.
    /// </summary>
    private async ValueTask<bool?> ReadPage()
    {
        if (!await _readers.WaitAsync(_options.Heartbeat, _cancelled))
            return null;
        try
        {
            // Before the read: a batch that is dropped from now on sets the flag again, one dropped earlier is in the log already.
            _behind = false;
            var ending = _ending;
            _page = await _log.ReadChunks(_thread.Id, Cursor, _options.LogPageBytes, _cancelled);
            _pageIndex = 0;
            return ending;
        }
        catch (StorageException e) when (e.Fault is StorageFault.Unreachable or StorageFault.DiskFull)
        {
            // A server that has no connection left counts as full, too.
            return null;
        }
        finally
        {
            _readers.Release();
        }
    }

    private bool TryTakeLive(out ViewerStep step)
    {
        while (_queue.Reader.TryRead(out var batch))
        {
            if (batch is null)
            {
                Volatile.Write(ref _wakeQueued, 0);
                if (_behind)
                    continue;
                step = new() { Kind = ViewerStepKind.Woken };
                return true;
            }

            Interlocked.Add(ref _queuedBytes, -batch.Lines.Length);
            var cursor = Cursor;
            if (batch.LastSeq <= cursor)
                continue;
            if (batch.FirstSeq > cursor + 1)
            {
                // A gap. The log holds this batch as well: what is published is on disk.
                _thread.Metrics?.Repaired(RepairReason.Gap);
                LeaveLive();
                step = default;
                return false;
            }

            step = Give(EventSlice.After(cursor, batch));
            return true;
        }

        if (_behind)
            LeaveLive();
        step = default;
        return false;
    }

    private void LeaveLive()
    {
        _live = false;
        _leftLive = true;
    }

    private bool TryTakePage(out ViewerStep step)
    {
        while (_pageIndex < _page.Count)
        {
            var chunk = _page[_pageIndex++];
            if (chunk.LastSeq <= Cursor)
                continue;
            step = Give(EventSlice.After(Cursor, chunk));
            return true;
        }

        _page = [];
        _pageIndex = 0;
        step = default;
        return false;
    }

    private ViewerStep Give(EventSlice events)
    {
        Volatile.Write(ref _cursor, events.LastSeq);
        AtEndOfTurn = events.EndsTurn;
        return new() { Kind = ViewerStepKind.Events, Events = events };
    }
}
