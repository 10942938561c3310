using System.Collections.Concurrent;
using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Feed;

/// <summary>
/// What this front end follows: takes the batches of all threads from its one stream to the viewers, and keeps the viewers whole
/// when that stream does not.
/// </summary>
internal sealed partial class FrontFeed(
    ThreadOwner owner,
    IThreadReader log,
    IOptions<FeedOptions> options,
    TimeProvider time,
    ILogger<FrontFeed> logger,
    FeedMetrics? metrics = null) : BackgroundService
{
    private readonly ConcurrentDictionary<Guid, FollowedThread> _threads = new();
    private long _delivered;
    private long _deliveredAtLastCheck;

    /// <summary>Called when viewers missed events although their owners published to this front end and nothing arrived at all.</summary>
    public event Action? StreamSilent;

    /// <summary>This process's name on the streams; another start has another one, and so has a process that was taken for dead.</summary>
    public string Front { get; private set; } = NewName();

    /// <summary>Threads that have a viewer here, or had one just now.</summary>
    public int FollowedThreads => _threads.Count;

    internal ThreadOwner Owner => owner;

    internal IThreadReader Log => log;

    internal FeedOptions Options { get; } = options.Value;

    /// <summary>
    /// Viewers that read the log now: a few at a time, first come, first served. When a silo dies they all want to, and would wait for the
    /// database's connections until they give up and come back as clients that connect anew.
    /// </summary>
    internal SemaphoreSlim LogReaders { get; } = new(options.Value.LogReaders);

    internal FeedMetrics? Metrics => metrics;

    internal TimeProvider Time => time;

    /// <summary>
    /// Follows a thread: everything after <paramref name="cursor"/> from the log, then <see cref="ViewerStepKind.Synced"/>, then live.
    /// </summary>
    /// <param name="cancelled">Ends the viewer.</param>
    public async ValueTask<Viewer> Follow(Guid threadId, long cursor, CancellationToken cancelled)
    {
        // First here, then at the owner, then the log: whatever is committed meanwhile is in the queue or in the log, never in neither.
        var (thread, viewer) = Enter(threadId, cancelled);
        await thread.Attach();
        viewer.StartInLog(cursor);
        return viewer;
    }

    /// <summary>Starts a turn and follows it from its first event on, without reading the log as long as nothing is missing.</summary>
    /// <param name="cancelled">Ends the viewer, and the wait for a turn slot; never an accepted turn.</param>
    /// <returns>The viewer is null when the turn was refused.</returns>
    public async ValueTask<(StartTurnResult Result, Viewer? Viewer)> StartTurn(
        Guid threadId, TurnRequest request, CancellationToken cancelled)
    {
        var (thread, viewer) = Enter(threadId, cancelled);
        var following = false;
        try
        {
            var result = await thread.StartTurn(request, cancelled);
            if (result.Started is not { } started)
                return (result, null);
            viewer.StartLive(started.FirstSeq - 1);
            following = true;
            return (result, viewer);
        }
        finally
        {
            if (!following)
                viewer.Dispose();
        }
    }

    /// <summary>Takes a published batch to the viewers of its thread. Never waits, never throws for a viewer's sake.</summary>
    public void Deliver(ThreadEventBatch batch)
    {
        Interlocked.Increment(ref _delivered);
        if (_threads.TryGetValue(batch.ThreadId, out var thread))
            thread.Deliver(batch);
    }

    /// <summary>
    /// Takes another name, because what was kept for the old one is being removed. The next tail check brings it to the owners.
    /// </summary>
    public void Rename() => Front = NewName();

    /// <summary>Sends all viewers to the log, for when the stream has lost something and does not say of which thread.</summary>
    public void RepairAll()
    {
        foreach (var (_, thread) in _threads)
            thread.Repair(RepairReason.Stream);
    }

    /// <summary>How many viewers are as <paramref name="which"/> says.</summary>
    public int CountViewers(Func<Viewer, bool> which)
    {
        var count = 0;
        foreach (var (_, thread) in _threads)
            count += thread.CountViewers(which);
        return count;
    }

    /// <summary>Renews all leases and repairs all viewers that fell behind.</summary>
    public async Task CheckTails(CancellationToken cancellationToken)
    {
        var missed = 0;
        await Parallel.ForEachAsync(
            _threads.Values,
            new ParallelOptions { MaxDegreeOfParallelism = Options.TailCheckConcurrency, CancellationToken = cancellationToken },
            async (thread, token) =>
            {
                if (await thread.CheckTail(token))
                    Interlocked.Increment(ref missed);
            });

        var delivered = Interlocked.Read(ref _delivered);
        if (missed > 0)
        {
            LogRepaired(missed);
            if (delivered == _deliveredAtLastCheck)
                StreamSilent?.Invoke();
        }

        _deliveredAtLastCheck = delivered;
    }

    /// <summary>The owner's answer, or null when it gave none in time or failed.</summary>
    internal async Task<T?> WaitForOwner<T>(Task<T> call, Guid threadId)
        where T : class
    {
        try
        {
            return await call.WaitAsync(Options.OwnerTimeout, time);
        }
        catch (Exception e)
        {
            // Whatever the owner's trouble is, its events are in the log, and the tail check asks it again.
            LogOwnerUnreachable(threadId, e.GetType().Name);
            return null;
        }
    }

    /// <summary>The head as the log has it, or null when the log cannot be read.</summary>
    internal async Task<long?> ReadHead(Guid threadId, CancellationToken cancellationToken)
    {
        try
        {
            return (await log.ReadThread(threadId, cancellationToken))?.HeadSeq ?? 0;
        }
        catch (StorageException e)
        {
            LogHeadUnreadable(threadId, e.Message);
            return null;
        }
    }

    internal void Forget(FollowedThread thread) => _threads.TryRemove(KeyValuePair.Create(thread.Id, thread));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics?.Watch(this);
        using var timer = new PeriodicTimer(Options.TailCheck, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await CheckTails(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    // One failed check must not be the last.
                    LogCheckFailed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; its viewers end with their responses.
        }
    }

    private (FollowedThread Thread, Viewer Viewer) Enter(Guid threadId, CancellationToken cancelled)
    {
        while (true)
        {
            var thread = _threads.GetOrAdd(threadId, static (id, feed) => new FollowedThread(id, feed), this);
            if (thread.TryEnter(cancelled) is { } viewer)
                return (thread, viewer);
            Forget(thread);
        }
    }

    private static string NewName() => $"{Environment.MachineName}-{Guid.CreateVersion7():N}";

    [LoggerMessage(Level = LogLevel.Error, Message = "The tail check failed; the next one follows.")]
    private partial void LogCheckFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Threads} threads had missed events and were repaired from the log.")]
    private partial void LogRepaired(int threads);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The owner of thread {ThreadId} did not answer ({Reason}); its viewers are served from the log until it does.")]
    private partial void LogOwnerUnreachable(Guid threadId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The head of thread {ThreadId} cannot be read; its viewers wait. {Reason}")]
    private partial void LogHeadUnreadable(Guid threadId, string reason);
}
