using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Feed;

/// <summary>
/// A thread with viewers here, and this front end's lease at its owner. The first viewer attaches, the tail check renews, the last
/// viewer detaches; the grain calls of one thread never overtake each other.
/// </summary>
internal sealed class FollowedThread(Guid id, FrontFeed feed)
{
    /// <summary>
    /// Viewers that are served on the publisher's own thread. It writes to their sockets, which never waits but costs some
    /// microseconds each; further viewers cost it no more than waking a thread of the pool.
    /// </summary>
    private const int MaxInlineViewers = 8;

    private readonly Lock _gate = new();
    private Viewer[] _viewers = [];
    private bool _retired;
    private bool _attached;

    // The owner may have a lease of this front end: it was asked to attach it, or has started a turn or may have.
    private bool _leased;

    // The lease came with a turn and ends with it.
    private bool _forTurn;
    private Task? _attaching;
    private Task? _detaching;
    private Task<AttachResult>? _renewal;

    public Guid Id => id;

    public FeedMetrics? Metrics => feed.Metrics;

    /// <summary>A new viewer, or null when this object has been given up and another one must be made.</summary>
    public Viewer? TryEnter(CancellationToken cancelled)
    {
        lock (_gate)
        {
            if (_retired)
                return null;
            var viewer = new Viewer(
                this, feed.Log, feed.LogReaders, feed.Options, feed.Time, _viewers.Length < MaxInlineViewers, cancelled);
            Volatile.Write(ref _viewers, [.. _viewers, viewer]);
            return viewer;
        }
    }

    /// <summary>
    /// Removes a viewer; the last one ends the lease, unless there is none or it has ended with the turn: the call would bring up an owner
    /// that has left.
    /// </summary>
    public void Leave(Viewer viewer)
    {
        lock (_gate)
        {
            Volatile.Write(ref _viewers, Array.FindAll(_viewers, other => !ReferenceEquals(other, viewer)));
            if (_viewers.Length > 0)
                return;
            var leaseIsOver = !_leased || (_attached && _forTurn && viewer.AtEndOfTurn);
            if (!leaseIsOver || _attaching is not null || _renewal is { IsCompleted: false } || _detaching is { IsCompleted: false })
            {
                _detaching = DetachAfter(_detaching, _attaching);
                return;
            }

            _retired = true;
        }

        feed.Forget(this);
    }

    /// <summary>Passes a batch to every viewer. Never waits.</summary>
    public void Deliver(ThreadEventBatch batch)
    {
        foreach (var viewer in Volatile.Read(ref _viewers))
            viewer.Offer(batch);
    }

    /// <summary>Sends every viewer to the log.</summary>
    public void Repair(RepairReason reason)
    {
        foreach (var viewer in Volatile.Read(ref _viewers))
            viewer.Repair(reason);
    }

    public int CountViewers(Func<Viewer, bool> which) => Volatile.Read(ref _viewers).Count(which);

    /// <summary>
    /// Returns when the owner publishes to this front end, or cannot be reached (the tail check keeps trying). All who wait at the
    /// same time share one call.
    /// </summary>
    public Task Attach()
    {
        lock (_gate)
        {
            if (_attached && !_forTurn)
                return Task.CompletedTask;
            return _attaching ??= AttachOnce(_detaching);
        }
    }

    /// <summary>Starts a turn; the same call attaches.</summary>
    public async ValueTask<StartTurnResult> StartTurn(TurnRequest request, CancellationToken cancellationToken)
    {
        Task? detaching;
        lock (_gate)
            detaching = _detaching;
        if (detaching is not null)
            await detaching;
        StartTurnResult result;
        try
        {
            result = await TurnDispatch.Start(feed.Owner(id), request, feed.Front, cancellationToken);
        }
        catch (Exception e) when (e is not StorageUnavailableException)
        {
            // The turn may have been accepted all the same.
            lock (_gate)
                _leased = true;
            throw;
        }

        if (result.Started is not null)
        {
            lock (_gate)
            {
                _leased = true;
                _forTurn = !_attached || _forTurn;
                _attached = _viewers.Length > 0;
            }
        }

        return result;
    }

    /// <summary>
    /// Renews the lease and compares each viewer with the log's head, as the owner knows it or, when the owner does not answer, as
    /// the log itself says.
    /// </summary>
    /// <returns>True when the owner was attached and yet a viewer had missed events.</returns>
    public async Task<bool> CheckTail(CancellationToken cancellationToken)
    {
        var viewers = Volatile.Read(ref _viewers);
        if (!Array.Exists(viewers, viewer => viewer.Started))
            return false;
        bool wasAttached;
        lock (_gate)
            wasAttached = _attached;

        var attached = await Renew();
        lock (_gate)
            SetAttached(attached);

        long head;
        if (attached is not null)
            head = attached.HeadSeq;
        else if (await feed.ReadHead(id, cancellationToken) is { } logged)
            head = logged;
        else
            return false;

        var repaired = false;
        foreach (var viewer in viewers)
            repaired |= viewer.CheckTail(head);
        return repaired && wasAttached && attached is not null;
    }

    /// <summary>
    /// The owner's answer, or null. An owner that hangs must not collect calls: who asks meanwhile waits for the same one.
    /// </summary>
    private Task<AttachResult?> Renew()
    {
        lock (_gate)
        {
            _leased = true;
            if (_renewal is not { IsCompleted: false })
                _renewal = CallAttach();
            return feed.WaitForOwner(_renewal, id);
        }
    }

    private async Task AttachOnce(Task? detaching)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (detaching is not null)
            await detaching;
        var attached = await Renew();
        lock (_gate)
        {
            SetAttached(attached);
            _attaching = null;
        }
    }

    private void SetAttached(AttachResult? attached)
    {
        _attached = attached is not null && _viewers.Length > 0;
        _forTurn = false;
    }

    private async Task DetachAfter(Task? earlier, Task? attaching)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (earlier is not null)
            await earlier;
        if (attaching is not null)
            await attaching;
        Task<AttachResult>? renewal;
        lock (_gate)
            renewal = _renewal;
        if (renewal is { IsCompleted: false })
            await feed.WaitForOwner(renewal, id);

        bool leased;
        lock (_gate)
        {
            if (_viewers.Length > 0)
                return;
            leased = _leased;
            _leased = _attached = false;
        }

        if (leased)
            await feed.WaitForOwner(CallDetach(), id);
        lock (_gate)
        {
            if (_viewers.Length > 0 || _retired)
                return;
            _retired = true;
        }

        feed.Forget(this);
    }

    private async Task<AttachResult> CallAttach() => await feed.Owner(id).Attach(feed.Front);

    private async Task<FollowedThread> CallDetach()
    {
        await feed.Owner(id).Detach(feed.Front);
        return this;
    }
}
