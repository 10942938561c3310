using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Tests.Support;

namespace CodexOrleans.WebFront.Tests.Feed;

/// <summary>Viewers that are served on the publisher's own thread, and what they may not do there.</summary>
public sealed class InlineViewerSpecs : IDisposable
{
    private const int Inline = 8;

    private readonly FeedFixture _fixture = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Of_many_viewers_each_gets_everything_and_only_the_first_few_on_the_publishers_thread()
    {
        const int count = 20;
        const int events = 500;
        var thread = _fixture.NewThread();
        var firstSeenOn = new int[count];
        var viewers = new List<Viewer>();
        for (var i = 0; i < count; i++)
        {
            var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
            await viewer.TakeHistory();
            viewers.Add(viewer);
        }

        // Each waits for its first event when this is over.
        var reading = Task.WhenAll(await Task.Run(() => viewers.Select((viewer, i) => Read(viewer, i)).ToList(), Cancelled));
        var publisher = await OnItsOwnThread(() =>
        {
            for (var seq = 1; seq <= events; seq++)
                thread.Commit($"{seq}");
        });

        Assert.All(await reading, seen => Assert.Equal(Enumerable.Range(1, events).Select(seq => (long)seq), seen));
        Assert.All(firstSeenOn[..Inline], on => Assert.Equal(publisher, on));
        Assert.DoesNotContain(publisher, firstSeenOn[Inline..]);
        viewers.ForEach(viewer => viewer.Dispose());

        async Task<List<long>> Read(Viewer viewer, int index)
        {
            var seen = new List<long>();
            while (seen.Count < events)
            {
                var step = await viewer.Next();
                if (step.Kind != ViewerStepKind.Events)
                    continue;
                if (seen.Count == 0)
                    firstSeenOn[index] = Environment.CurrentManagedThreadId;
                for (var seq = step.Events.FirstSeq; seq <= step.Events.LastSeq; seq++)
                    seen.Add(seq);
            }

            return seen;
        }
    }

    [Fact]
    public async Task A_viewer_whose_client_takes_nothing_holds_neither_the_publisher_nor_the_others()
    {
        var thread = _fixture.NewThread();
        using var slow = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        using var fast = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await slow.TakeHistory();
        await fast.TakeHistory();
        var client = new TaskCompletionSource();
        var reading = await Task.Run(() => Task.FromResult(ReadSlowly()), Cancelled);

        await OnItsOwnThread(() =>
        {
            for (var seq = 1; seq <= 3_000; seq++)
                thread.Commit($"{seq}");
        });

        Assert.Equal(3_000, (await fast.Take(3_000))[^1].Seq);
        Assert.Equal(1, slow.Cursor);
        client.SetResult();
        Assert.Equal(3_000, await reading);

        async Task<long> ReadSlowly()
        {
            while (slow.Cursor < 3_000)
            {
                if ((await slow.Next()).Kind == ViewerStepKind.Events)
                    await client.Task;
            }

            return slow.Cursor;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_viewer_that_needs_the_log_does_not_read_it_on_the_publishers_thread(bool gap)
    {
        using var fixture = new FeedFixture(options => options.ViewerBytes = 1_000);
        var thread = fixture.NewThread();
        using var viewer = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();
        var readOn = 0;
        fixture.Log.AfterRead = _ => readOn = Environment.CurrentManagedThreadId;
        var taking = await Task.Run(() => Task.FromResult(viewer.Take(2)), Cancelled);

        var publisher = await OnItsOwnThread(() =>
        {
            thread.Mute = gap;
            thread.Commit(new string('x', gap ? 1 : 2_000));
            thread.Mute = false;
            if (gap)
                thread.Commit("2");
        });
        if (!gap)
            thread.Commit("2");

        Assert.Equal([1, 2], (await taking).Select(e => e.Seq));
        Assert.NotEqual(0, readOn);
        Assert.NotEqual(publisher, readOn);
    }

    /// <returns>The thread, which no other work can have had before the caller goes on.</returns>
    private static async Task<int> OnItsOwnThread(Action publish)
    {
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                publish();
                done.SetResult(Environment.CurrentManagedThreadId);
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }).Start();
        return await done.Task;
    }
}
