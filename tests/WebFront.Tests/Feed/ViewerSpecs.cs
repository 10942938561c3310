using CodexOrleans.Grains;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Tests.Support;

namespace CodexOrleans.WebFront.Tests.Feed;

public sealed class ViewerSpecs : IDisposable
{
    private readonly FeedFixture _fixture = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task History_comes_first_then_synced_then_what_happens()
    {
        var thread = _fixture.NewThread();
        thread.Commit("a", "b");
        thread.Commit("c");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);

        var (history, head) = await viewer.TakeHistory();
        Assert.Equal([(1, "a"), (2, "b"), (3, "c")], history);
        Assert.Equal(3, head);

        thread.Commit("d");
        thread.Commit("e", "f");
        Assert.Equal([(4, "d"), (5, "e"), (6, "f")], await viewer.Take(3));
    }

    [Fact]
    public async Task An_idle_thread_is_synced_without_an_event()
    {
        var thread = _fixture.NewThread();
        thread.Commit("a");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 1, Cancelled);

        var (history, head) = await viewer.TakeHistory();
        Assert.Empty(history);
        Assert.Equal(1, head);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_cursor_in_the_middle_of_a_chunk_skips_what_was_seen(int cursor)
    {
        var thread = _fixture.NewThread();
        thread.Commit("1", "2", "3");
        thread.Commit("4", "5", "6");
        using var viewer = await _fixture.Feed.Follow(thread.Id, cursor, Cancelled);

        var (history, _) = await viewer.TakeHistory();
        Assert.Equal(Enumerable.Range(cursor + 1, 6 - cursor).Select(seq => ((long)seq, $"{seq}")), history);
    }

    [Fact]
    public async Task Duplicates_are_dropped_also_those_inside_a_batch()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();

        var second = thread.Commit("2");
        thread.Publish(second);
        var both = new ThreadEventBatch
        {
            ThreadId = thread.Id,
            TurnId = thread.TurnId,
            FirstSeq = 2,
            LastSeq = 3,
            At = 0,
            Kind = EventKind.Codex,
            Lines = "2\n3\n"u8.ToArray(),
        };
        thread.Publish(both);
        thread.Publish(second);
        thread.Commit("unread because its number is taken");
        Assert.Equal([(2, "2"), (3, "3")], await viewer.Take(2));
    }

    [Fact]
    public async Task A_lost_batch_is_read_from_the_log_when_the_next_one_shows_the_gap()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();

        thread.Mute = true;
        thread.Commit("2", "3");
        thread.Mute = false;
        thread.Commit("4");
        thread.Commit("5");
        Assert.Equal([(2, "2"), (3, "3"), (4, "4"), (5, "5")], await viewer.Take(4));

        thread.Commit("6");
        Assert.Equal([(6, "6")], await viewer.Take(1));
    }

    [Fact]
    public async Task Batches_out_of_order_are_put_in_order()
    {
        var thread = _fixture.NewThread();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();

        thread.Mute = true;
        var first = thread.Commit("1");
        var second = thread.Commit("2");
        thread.Publish(second);
        thread.Publish(first);
        Assert.Equal([(1, "1"), (2, "2")], await viewer.Take(2));
    }

    [Fact]
    public async Task A_viewer_that_does_not_read_holds_no_more_than_its_bytes_and_misses_nothing()
    {
        using var fixture = new FeedFixture(options => options.ViewerBytes = 10_000);
        var thread = fixture.NewThread();
        using var slow = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        using var fast = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await slow.TakeHistory();
        await fast.TakeHistory();

        var line = new string('x', 100);
        for (var seq = 1; seq <= 5_000; seq++)
        {
            thread.Commit($"{seq}{line}");
            Assert.InRange(slow.QueuedBytes, 0, 10_000);
            Assert.Equal([(seq, $"{seq}{line}")], await fast.Take(1));
        }

        Assert.Equal(Enumerable.Range(1, 5_000).Select(seq => ((long)seq, $"{seq}{line}")), await slow.Take(5_000));
        var taking = slow.Take(1);
        var reads = fixture.Log.ChunkReads;
        thread.Commit("live again");
        Assert.Equal([(5_001, "live again")], await taking);
        Assert.Equal(reads, fixture.Log.ChunkReads);
    }

    [Fact]
    public async Task A_viewer_that_does_not_read_holds_no_more_than_its_batches_and_misses_nothing()
    {
        using var fixture = new FeedFixture(options => options.ViewerBatches = 8);
        var thread = fixture.NewThread();
        using var viewer = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();

        for (var seq = 1; seq <= 100; seq++)
            thread.Commit($"{seq}");
        Assert.InRange(viewer.QueuedBytes, 1, 8 * 4);
        Assert.Equal(Enumerable.Range(1, 100).Select(seq => ((long)seq, $"{seq}")), await viewer.Take(100));
    }

    [Fact]
    public async Task A_line_larger_than_the_whole_queue_comes_from_the_log()
    {
        using var fixture = new FeedFixture(options => options.ViewerBytes = 1_000);
        var thread = fixture.NewThread();
        using var viewer = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();

        var line = new string('x', 3_000_000);
        var taking = viewer.Take(2);
        thread.Commit(line);
        thread.Commit("2");
        Assert.Equal([(1, line), (2, "2")], await taking);
        // The second line may have been read from the log too, and wait as a duplicate.
        Assert.InRange(viewer.QueuedBytes, 0, 2);
    }

    [Fact]
    public async Task Silence_is_repaired_by_the_tail_check()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();
        await _fixture.Feed.CheckTails(Cancelled);

        thread.Mute = true;
        thread.Commit("2");
        var taking = viewer.Take(1);
        Assert.False(taking.IsCompleted);
        await _fixture.Feed.CheckTails(Cancelled);
        Assert.Equal([(2, "2")], await taking);
    }

    [Fact]
    public async Task When_all_viewers_are_repaired_at_once_a_few_read_the_log_at_a_time_and_all_end_up_whole()
    {
        const int Viewers = 40, Bound = 3;
        using var fixture = new FeedFixture(options => options.LogReaders = Bound);
        var threads = Enumerable.Range(0, 10).Select(_ => fixture.NewThread()).ToList();
        var viewers = new List<Viewer>();
        for (var i = 0; i < Viewers; i++)
        {
            viewers.Add(await fixture.Feed.Follow(threads[i % threads.Count].Id, 0, Cancelled));
            await viewers[i].TakeHistory();
        }

        int reading = 0, most = 0;
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Log.BeforeRead = async token =>
        {
            lock (threads)
                most = Math.Max(most, ++reading);
            await open.Task.WaitAsync(token);
            lock (threads)
                reading--;
        };
        foreach (var thread in threads)
        {
            thread.Mute = true;
            thread.Commit("lost on its way");
        }

        var taking = viewers.ConvertAll(viewer => viewer.Take(2));
        fixture.Feed.RepairAll();
        // No read ends meanwhile, and nobody is left who has not come to it.
        await Condition.Becomes(() => viewers.TrueForAll(viewer => viewer.ReadsLog) && Volatile.Read(ref reading) >= Bound);
        foreach (var thread in threads)
        {
            thread.Mute = false;
            thread.Commit("while they wait");
        }

        open.SetResult();
        foreach (var events in await Task.WhenAll(taking))
            Assert.Equal([(1, "lost on its way"), (2, "while they wait")], events);
        Assert.Equal(Bound, most);
        viewers.ForEach(viewer => viewer.Dispose());
    }

    [Fact]
    public async Task Who_leaves_while_waiting_to_read_the_log_is_in_nobodys_way()
    {
        using var fixture = new FeedFixture(options => options.LogReaders = 1);
        var thread = fixture.NewThread();
        thread.Commit("1");
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fixture.Log.BeforeRead = token => open.Task.WaitAsync(token);
        using var leaving = new CancellationTokenSource();
        using var first = await fixture.Feed.Follow(thread.Id, 0, leaving.Token);
        using var second = await fixture.Feed.Follow(thread.Id, 0, leaving.Token);
        using var third = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        var reading = first.Next().AsTask();
        var waiting = second.Next().AsTask();
        var taking = third.Take(1);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        open.SetResult();
        Assert.Equal([(1, "1")], await taking);
    }

    [Fact]
    public async Task What_is_committed_while_the_history_is_read_comes_once()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        var commits = 0;
        _fixture.Log.AfterRead = _ =>
        {
            // After the page was read: it is not in the page, but in the queue.
            if (commits++ < 3)
                thread.Commit($"{commits + 1}");
        };
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        Assert.Equal([(1, "1"), (2, "2"), (3, "3"), (4, "4")], await viewer.Take(4));
        thread.Commit("5");
        Assert.Equal([(5, "5")], await viewer.Take(1));
    }

    [Fact]
    public async Task What_is_committed_between_attach_and_the_first_read_comes_once()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        thread.Before = call =>
        {
            if (call == "attach")
                thread.Commit("committed before the owner knew this front end");
            return Task.CompletedTask;
        };
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        // Without a later event, whose number would show the gap.
        Assert.Equal([(1, "1"), (2, "committed before the owner knew this front end")], (await viewer.TakeHistory()).Events);
        thread.Commit("committed after");
        Assert.Equal([(3, "committed after")], await viewer.Take(1));
    }

    [Fact]
    public async Task A_fresh_turn_is_followed_without_reading_the_log()
    {
        var threadId = Guid.CreateVersion7();
        var thread = _fixture.Thread(threadId);
        thread.OnStarted = started => started.Commit("published before the caller knew the turn");
        var (result, viewer) = await _fixture.Feed.StartTurn(threadId, new TurnRequest { Prompt = "p", NewThread = true }, Cancelled);
        using (viewer)
        {
            Assert.Equal(1, result.Started!.FirstSeq);
            thread.Commit("2");
            thread.End();
            var events = await viewer!.Take(4);
            Assert.Equal([1, 2, 3, 4], events.Select(e => e.Seq));
            Assert.Contains("turn.submitted", events[0].Line);
        }

        Assert.Equal(0, _fixture.Log.ChunkReads);
    }

    [Fact]
    public async Task A_further_turn_begins_at_its_own_first_event()
    {
        var thread = _fixture.NewThread();
        thread.Commit("earlier turn", "earlier turn");
        var (_, viewer) = await _fixture.Feed.StartTurn(thread.Id, new TurnRequest { Prompt = "p" }, Cancelled);
        using (viewer)
        {
            var events = await viewer!.Take(1);
            Assert.Equal(3, events[0].Seq);
            Assert.Contains("turn.submitted", events[0].Line);
        }
    }

    [Fact]
    public async Task The_terminal_event_is_known_on_the_live_path_and_in_the_log()
    {
        var thread = _fixture.NewThread();
        using var live = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await live.TakeHistory();
        thread.Commit("""{"type":"item.completed","item":{"type":"error","message":"\"type\":\"turn.completed\""}}""");
        thread.Commit("""{"type":"error","message":"Reconnecting... 1/2"}""");
        thread.End("""{"type":"turn.failed","error":{"message":"x"}}""");
        using var late = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);

        Assert.Equal([false, false, true], await Ends(live));
        Assert.Equal([false, false, true], await Ends(late));

        static async Task<List<bool>> Ends(Viewer viewer)
        {
            var ends = new List<bool>();
            while (ends.Count < 3)
            {
                var step = await viewer.Next();
                if (step.Kind == ViewerStepKind.Events)
                    ends.Add(step.Events.EndsTurn);
            }

            return ends;
        }
    }

    [Fact]
    public async Task Waking_a_viewer_gives_the_caller_a_turn_and_loses_nothing()
    {
        var thread = _fixture.NewThread();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();
        for (var i = 0; i < 1_000; i++)
            viewer.Wake();
        Assert.Equal(ViewerStepKind.Woken, (await viewer.Next()).Kind);
        thread.Commit("1");
        Assert.Equal([(1, "1")], await viewer.Take(1));
    }

    [Fact]
    public async Task Cancelling_ends_a_waiting_viewer()
    {
        var thread = _fixture.NewThread();
        using var leaving = new CancellationTokenSource();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, leaving.Token);
        await viewer.TakeHistory();
        var waiting = viewer.Next().AsTask();
        Assert.False(waiting.IsCompleted);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Whatever_the_stream_loses_repeats_or_swaps_each_viewer_gets_each_event_once_in_order(int seed)
    {
        const int Total = 20_000;
        using var fixture = new FeedFixture(options =>
        {
            options.ViewerBytes = 2_000;
            options.ViewerBatches = 16;
            options.LogPageBytes = 1_500;
        });
        var thread = fixture.NewThread();
        thread.Mute = true;
        // The front end is attached by the viewers; what the stream does to the batches is up to this test.
        var random = new Random(seed);
        var viewers = Enumerable.Range(0, 12).Select(_ => Task.Run(() => ReadAll(fixture, thread.Id, Total), Cancelled)).ToList();

        await Task.Run(
            () =>
            {
                ThreadEventBatch? held = null;
                for (var seq = 0; seq < Total;)
                {
                    var count = Math.Min(Total - seq, random.Next(1, 20));
                    var batch = thread.Commit([.. Enumerable.Range(seq + 1, count).Select(n => $"{n}")]);
                    seq += count;
                    switch (random.Next(10))
                    {
                        case 0:
                            break;
                        case 1:
                            thread.Publish(batch);
                            thread.Publish(batch);
                            break;
                        case 2:
                            held = batch;
                            break;
                        default:
                            thread.Publish(batch);
                            if (held is not null)
                                thread.Publish(held);
                            held = null;
                            break;
                    }
                }
            },
            Cancelled);

        while (!viewers.TrueForAll(viewer => viewer.IsCompleted))
        {
            await fixture.Feed.CheckTails(Cancelled);
            await Task.Yield();
        }

        await Task.WhenAll(viewers);

        static async Task ReadAll(FeedFixture fixture, Guid threadId, int total)
        {
            using var viewer = await fixture.Feed.Follow(threadId, 0, Cancelled);
            for (long expected = 1; expected <= total;)
            {
                var step = await viewer.Next();
                if (step.Kind != ViewerStepKind.Events)
                    continue;
                foreach (var (seq, line) in Viewing.Numbered(step.Events))
                {
                    Assert.Equal(expected, seq);
                    Assert.Equal($"{expected}", line);
                    expected++;
                }
            }
        }
    }
}
