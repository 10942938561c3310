using CodexOrleans.Grains;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Tests.Support;

namespace CodexOrleans.WebFront.Tests.Feed;

public sealed class LeaseSpecs : IDisposable
{
    private readonly FeedFixture _fixture = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Fifty_viewers_cost_one_attach_and_the_last_one_to_leave_detaches()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        var viewers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => _fixture.Feed.Follow(thread.Id, 0, Cancelled).AsTask()));
        foreach (var viewer in viewers)
            await viewer.TakeHistory();
        Assert.Equal(["attach"], thread.Calls);

        foreach (var viewer in viewers[1..])
            viewer.Dispose();
        Assert.Equal(["attach"], thread.Calls);

        viewers[0].Dispose();
        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(["attach", "detach"], thread.Calls);
    }

    [Fact]
    public async Task Who_follows_a_turn_from_its_start_to_its_end_costs_no_attach_and_no_detach()
    {
        var thread = _fixture.NewThread();
        var viewer = await Start(thread);
        thread.End();
        await viewer.Take(2);
        viewer.Dispose();

        Assert.Equal(0, _fixture.Feed.FollowedThreads);
        Assert.Equal(0, thread.Fronts);
        Assert.Equal(["start"], thread.Calls);
    }

    [Fact]
    public async Task Who_leaves_in_the_middle_of_a_turn_detaches()
    {
        var thread = _fixture.NewThread();
        var viewer = await Start(thread);
        thread.Commit("in the middle");
        await viewer.Take(2);
        viewer.Dispose();

        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(0, thread.Fronts);
        Assert.Equal(["start", "detach"], thread.Calls);
    }

    [Fact]
    public async Task Who_has_not_seen_the_end_of_its_turn_detaches()
    {
        var thread = _fixture.NewThread();
        var viewer = await Start(thread);
        await viewer.Take(1);
        thread.End();
        viewer.Dispose();

        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(["start", "detach"], thread.Calls);
    }

    [Fact]
    public async Task A_lease_that_a_tail_check_renewed_outlives_its_turn_and_is_ended_by_a_detach()
    {
        var thread = _fixture.NewThread();
        var viewer = await Start(thread);
        await _fixture.Feed.CheckTails(Cancelled);
        thread.End();
        await viewer.Take(2);
        Assert.Equal(1, thread.Fronts);
        viewer.Dispose();

        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(0, thread.Fronts);
        Assert.Equal(["start", "attach", "detach"], thread.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_joins_a_turn_that_was_started_here_hears_the_next_one_without_a_tail_check(bool beforeItsEnd)
    {
        var thread = _fixture.NewThread();
        var starter = await Start(thread);
        if (!beforeItsEnd)
            thread.End();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        if (beforeItsEnd)
            thread.End();
        await starter.Take(2);
        starter.Dispose();
        await viewer.Take(2);

        var taking = viewer.Take(2);
        var reads = _fixture.Log.ChunkReads;
        await thread.StartTurn(new TurnRequest { Prompt = "from another front end" }, front: null, Cancelled);
        thread.End();

        Assert.Equal([3, 4], (await taking).Select(e => e.Seq));
        Assert.Equal(reads, _fixture.Log.ChunkReads);
        Assert.Equal(["start", "attach", "start"], thread.Calls);
    }

    [Fact]
    public async Task Who_follows_when_a_turn_is_started_here_stays_attached_after_it()
    {
        var thread = _fixture.NewThread();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        var starter = await Start(thread);
        thread.End();
        await starter.Take(2);
        starter.Dispose();
        await viewer.Take(2);

        thread.Commit("later");
        Assert.Equal([(3, "later")], await viewer.Take(1));
        Assert.Equal(["attach", "start"], thread.Calls);
    }

    [Fact]
    public async Task The_lease_is_renewed_at_every_tail_check()
    {
        var thread = _fixture.NewThread();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await _fixture.Feed.StartAsync(Cancelled);
        for (var renewals = 1; renewals <= 3; renewals++)
        {
            var attaches = 1 + renewals;
            await Until(() =>
            {
                if (thread.Calls.Count < attaches)
                    _fixture.Time.Advance(_fixture.Options.TailCheck);
                return thread.Calls.Count >= attaches;
            });
        }

        Assert.All(thread.Calls, call => Assert.Equal("attach", call));
        await _fixture.Feed.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_thread_without_viewers_is_not_renewed()
    {
        var thread = _fixture.NewThread();
        (await _fixture.Feed.Follow(thread.Id, 0, Cancelled)).Dispose();
        await Until(() => _fixture.Feed.FollowedThreads == 0);
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal(["attach", "detach"], thread.Calls);
    }

    [Fact]
    public async Task Who_comes_while_the_last_one_leaves_is_attached_after_the_detach()
    {
        var thread = _fixture.NewThread();
        var detach = new TaskCompletionSource();
        var detaching = new TaskCompletionSource();
        thread.Before = call =>
        {
            if (call != "detach")
                return Task.CompletedTask;
            detaching.TrySetResult();
            return detach.Task;
        };
        (await _fixture.Feed.Follow(thread.Id, 0, Cancelled)).Dispose();
        await detaching.Task.WaitAsync(Cancelled);

        var coming = _fixture.Feed.Follow(thread.Id, 0, Cancelled).AsTask();
        var starting = _fixture.Feed.StartTurn(thread.Id, new TurnRequest { Prompt = "p" }, Cancelled).AsTask();
        Assert.False(coming.IsCompleted);
        Assert.False(starting.IsCompleted);
        detach.SetResult();
        using var viewer = await coming;
        using var starter = (await starting).Viewer;
        Assert.Equal(["attach", "detach"], thread.Calls.Take(2));
        Assert.Equal(1, thread.Fronts);
        thread.End();
        Assert.Equal([1, 2], (await viewer.Take(2)).Select(e => e.Seq));
        Assert.Equal([1, 2], (await starter!.Take(2)).Select(e => e.Seq));
    }

    [Fact]
    public async Task An_owner_that_comes_up_anew_is_attached_again_and_its_viewers_are_repaired()
    {
        var thread = _fixture.NewThread();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();
        await _fixture.Feed.CheckTails(Cancelled);

        thread.Reactivate();
        thread.Commit("1", "2");
        var taking = viewer.Take(2);
        Assert.False(taking.IsCompleted);
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal([(1, "1"), (2, "2")], await taking);

        Assert.Equal(1, thread.Fronts);
        thread.Commit("3");
        Assert.Equal([(3, "3")], await viewer.Take(1));
    }

    [Fact]
    public async Task With_a_dead_owner_viewers_are_served_from_the_log_until_it_lives_again()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        thread.Before = _ => throw new TimeoutException("no silo");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        Assert.Equal([(1, "1")], (await viewer.TakeHistory()).Events);
        await _fixture.Feed.CheckTails(Cancelled);

        // Another front end's owner wrote this before it died.
        _fixture.Log.Append(thread.Id, thread.TurnId, EventKind.Codex, "2");
        var taking = viewer.Take(1);
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal([(2, "2")], await taking);

        thread.Before = _ => Task.CompletedTask;
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal(1, thread.Fronts);
        taking = viewer.Take(1);
        var reads = _fixture.Log.ChunkReads;
        thread.Commit("3");
        Assert.Equal([(3, "3")], await taking);
        Assert.Equal(reads, _fixture.Log.ChunkReads);
    }

    [Fact]
    public async Task An_owner_that_hangs_delays_nobody_for_longer_than_its_time_and_collects_no_calls()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        var asked = 0;
        var hanging = new TaskCompletionSource();
        thread.Before = _ =>
        {
            Interlocked.Increment(ref asked);
            return hanging.Task;
        };
        var following = _fixture.Feed.Follow(thread.Id, 0, Cancelled).AsTask();
        await Advance(following);
        using var viewer = await following;
        Assert.Equal([(1, "1")], (await viewer.TakeHistory()).Events);
        for (var i = 0; i < 5; i++)
            await Advance(_fixture.Feed.CheckTails(Cancelled));
        Assert.Equal(1, asked);
        hanging.SetResult();
    }

    [Fact]
    public async Task A_refused_turn_leaves_nothing_behind()
    {
        var thread = _fixture.NewThread();
        thread.Refusal = new TurnRefusal(RefusalCodes.ServerBusy, "full", 10);
        var (result, viewer) = await _fixture.Feed.StartTurn(thread.Id, new TurnRequest { Prompt = "p", NewThread = true }, Cancelled);
        Assert.Null(viewer);
        Assert.Equal(RefusalCodes.ServerBusy, result.Refusal!.Code);
        await Until(() => _fixture.Feed.FollowedThreads == 0);
        // Nothing was attached, and a call would only bring the owner up again.
        Assert.Empty(thread.Calls);
    }

    [Fact]
    public async Task A_start_without_an_answer_detaches_since_the_turn_may_run()
    {
        var thread = _fixture.NewThread();
        thread.Before = call => call == "start" ? Task.FromException(new TimeoutException("no answer")) : Task.CompletedTask;
        await Assert.ThrowsAsync<TimeoutException>(() => Start(thread));
        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(["detach"], thread.Calls);
    }

    [Fact]
    public async Task A_start_for_which_there_is_no_database_leaves_nothing_to_detach_from()
    {
        var thread = _fixture.NewThread();
        thread.Before = _ => Task.FromException(new StorageUnavailableException("PostgreSQL is away."));
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Start(thread));
        Assert.Equal(0, _fixture.Feed.FollowedThreads);
    }

    [Fact]
    public async Task Who_follows_while_another_turn_is_refused_stays_attached()
    {
        var thread = _fixture.NewThread();
        var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        thread.Refusal = new TurnRefusal(RefusalCodes.TurnInProgress, "running", null);
        await _fixture.Feed.StartTurn(thread.Id, new TurnRequest { Prompt = "p" }, Cancelled);
        Assert.Equal(["attach"], thread.Calls);

        viewer.Dispose();
        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(["attach", "detach"], thread.Calls);
    }

    [Fact]
    public async Task A_lease_that_is_being_renewed_when_its_turn_ends_is_ended_by_a_detach()
    {
        var thread = _fixture.NewThread();
        var viewer = await Start(thread);
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously), renewing = new();
        thread.Before = call =>
        {
            if (call != "attach")
                return Task.CompletedTask;
            asked.SetResult();
            return renewing.Task;
        };
        var check = _fixture.Feed.CheckTails(Cancelled);
        await asked.Task;
        thread.End();
        await viewer.Take(2);
        viewer.Dispose();
        renewing.SetResult();
        await check;

        await Until(() => _fixture.Feed.FollowedThreads == 0);
        Assert.Equal(0, thread.Fronts);
        Assert.Equal(["start", "attach", "detach"], thread.Calls);
    }

    [Fact]
    public async Task Who_leaves_while_waiting_for_a_slot_leaves_nothing_behind()
    {
        var thread = _fixture.NewThread();
        var slot = new TaskCompletionSource();
        thread.Before = call => call == "start" ? slot.Task : Task.CompletedTask;
        using var leaving = new CancellationTokenSource();
        var starting = _fixture.Feed.StartTurn(thread.Id, new TurnRequest { Prompt = "p", NewThread = true }, leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await Until(() => _fixture.Feed.FollowedThreads == 0);
    }

    [Fact]
    public async Task A_stream_that_delivers_nothing_although_owners_publish_is_reported()
    {
        var silent = 0;
        _fixture.Feed.StreamSilent += () => silent++;
        var thread = _fixture.NewThread();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal(0, silent);

        thread.Mute = true;
        thread.Commit("1");
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal(1, silent);
    }

    private async Task<Viewer> Start(ScriptedThread thread)
    {
        var (_, viewer) = await _fixture.Feed.StartTurn(thread.Id, new TurnRequest { Prompt = "p", NewThread = true }, Cancelled);
        return viewer!;
    }

    private static Task Until(Func<bool> condition) => Condition.Becomes(condition);

    private async Task Advance(Task task)
    {
        await Until(() =>
        {
            if (!task.IsCompleted)
                _fixture.Time.Advance(TimeSpan.FromSeconds(1));
            return task.IsCompleted;
        });
        await task;
    }
}
