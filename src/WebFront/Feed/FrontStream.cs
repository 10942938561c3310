using System.Threading.Channels;
using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Data;
using Orleans.Streams;

namespace CodexOrleans.WebFront.Feed;

/// <summary>
/// The one Orleans stream of this front end: subscribed at start, and again after an error or when it has fallen silent. Without it
/// the feed still serves everything, only later: from the log, at each tail check.
/// </summary>
internal sealed partial class FrontStream(
    IClusterClient cluster,
    FrontFeed feed,
    TimeProvider time,
    IFrontRegister register,
    ILogger<FrontStream> logger,
    IClusterMembershipService? membership = null)
    : BackgroundService, IHostedLifecycleService, IAsyncBatchObserver<ThreadEventBatch>
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    // One entry at most: however often the stream complains meanwhile, it is subscribed again once.
    private readonly Channel<bool> _faults = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private StreamSubscriptionHandle<ThreadEventBatch>? _subscription;
    private bool _joined;

    /// <summary>True while subscribed.</summary>
    public bool Subscribed => Volatile.Read(ref _subscription) is not null;

    /// <summary>Subscribes once everything has started: a silo in this host starts after the relay.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        feed.StreamSilent += Fault;
        if (!await TrySubscribe(cancellationToken))
            Fault();
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        feed.StreamSilent -= Fault;
        await base.StopAsync(cancellationToken);
        await Unsubscribe();
    }

    public Task OnNextAsync(IList<SequentialItem<ThreadEventBatch>> items)
    {
        foreach (var item in items)
            feed.Deliver(item.Item);
        return Task.CompletedTask;
    }

    public Task OnCompletedAsync() => Task.CompletedTask;

    public Task OnErrorAsync(Exception ex)
    {
        LogStreamError(ex);
        feed.RepairAll();
        Fault();
        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(Resubscribe(stoppingToken), Heartbeat(stoppingToken), RepairAfterDeaths(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private async Task Resubscribe(CancellationToken stoppingToken)
    {
        while (await _faults.Reader.WaitToReadAsync(stoppingToken))
        {
            _faults.Reader.TryRead(out _);
            await Unsubscribe();
            while (!await TrySubscribe(stoppingToken))
                await Task.Delay(_pause, time, stoppingToken);
            feed.RepairAll();
            // A stream that fails at once again must not keep the cluster busy with subscriptions.
            await Task.Delay(_pause, time, stoppingToken);
        }
    }

    /// <summary>
    /// Tells the cluster that this front end lives, and subscribes again when it was taken for dead: it may have been frozen.
    /// </summary>
    private async Task Heartbeat(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(IFrontRegister.HeartbeatPeriod, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (!await register.Heartbeat(feed.Front, stoppingToken))
                    Fault();
            }
            catch (StorageException e)
            {
                LogNoHeartbeat(e);
            }
        }
    }

    /// <summary>
    /// What came to a silo that has died, to be sent on to this front end, is late or lost: its queues are on their way to others. The log
    /// has it, and is not asked later than the death is known.
    /// </summary>
    private async Task RepairAfterDeaths(CancellationToken stoppingToken)
    {
        if (membership is null)
            return;
        await foreach (var _ in membership.DeathsSince(membership.CurrentSnapshot, stoppingToken))
            feed.RepairAll();
    }

    private void Fault() => _faults.Writer.TryWrite(true);

    private async Task<bool> TrySubscribe(CancellationToken cancellationToken)
    {
        try
        {
            await Join(cancellationToken);
            var stream = cluster.GetStreamProvider(ThreadStreams.Provider).GetStream<ThreadEventBatch>(ThreadStreams.ForFront(feed.Front));
            var subscription = await stream.SubscribeAsync(this).WaitAsync(_patience, time, cancellationToken);
            Volatile.Write(ref _subscription, subscription);
            LogSubscribed(feed.Front);
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The cluster may not be up yet, or may be changing; the feed serves from the log until it is.
            LogNotSubscribed(e);
            return false;
        }
    }

    /// <summary>Before the subscription: what is kept for a name that is not in the register would stay.</summary>
    private async Task Join(CancellationToken cancellationToken)
    {
        if (_joined && await register.Heartbeat(feed.Front, cancellationToken))
            return;
        if (_joined)
            feed.Rename();
        await register.Join(feed.Front, cancellationToken);
        _joined = true;
    }

    private async Task Unsubscribe()
    {
        if (Interlocked.Exchange(ref _subscription, null) is not { } subscription)
            return;
        try
        {
            await subscription.UnsubscribeAsync().WaitAsync(TimeSpan.FromSeconds(2), time);
        }
        catch (Exception e)
        {
            // The stream's name dies with this process, and its owners' leases run out: nothing depends on this call.
            LogNotUnsubscribed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Front end {Front} is subscribed to its stream.")]
    private partial void LogSubscribed(string front);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The front end could not say that it lives; it tries again.")]
    private partial void LogNoHeartbeat(Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning, Message = "The front end's stream cannot be subscribed now; events come from the log until it can.")]
    private partial void LogNotSubscribed(Exception exception);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The front end's stream reported an error; viewers are repaired from the log and the stream is subscribed again.")]
    private partial void LogStreamError(Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The front end's stream could not be unsubscribed.")]
    private partial void LogNotUnsubscribed(Exception exception);
}
