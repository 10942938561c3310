using CodexOrleans.Storage;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Tests.Support;

namespace CodexOrleans.WebFront.Tests.Feed;

/// <summary>Viewers that need the log while it cannot be read.</summary>
public sealed class LogAwaySpecs : IDisposable
{
    private readonly FeedFixture _fixture = new(options =>
    {
        options.LogReaders = 1;
        options.Heartbeat = TimeSpan.FromMilliseconds(1);
    });

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    [Theory]
    [InlineData(StorageFault.Unreachable)]
    [InlineData(StorageFault.DiskFull)]
    public async Task History_comes_when_the_database_is_back(StorageFault fault)
    {
        var thread = _fixture.NewThread();
        thread.Commit("1", "2");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        _fixture.Log.Fault = new StorageException(fault, "away");

        Assert.Equal(ViewerStepKind.Woken, await NextKind(viewer));
        Assert.Equal(ViewerStepKind.Woken, await NextKind(viewer));
        _fixture.Log.Fault = null;

        Assert.Equal([(1, "1"), (2, "2")], (await viewer.TakeHistory()).Events);
    }

    [Fact]
    public async Task A_viewer_that_was_sent_to_the_log_in_vain_goes_on_with_what_it_had_not()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();
        thread.Mute = true;
        thread.Commit("2");
        thread.Mute = false;
        _fixture.Log.Fault = new StorageException(StorageFault.Unreachable, "away");
        _fixture.Feed.RepairAll();

        Assert.Equal(ViewerStepKind.Woken, await NextKind(viewer));
        thread.Commit("3");
        Assert.Equal(ViewerStepKind.Woken, await NextKind(viewer));
        _fixture.Log.Fault = null;

        Assert.Equal([(2, "2"), (3, "3")], await viewer.Take(2));
        thread.Commit("4");
        Assert.Equal([(4, "4")], await viewer.Take(1));
    }

    [Fact]
    public async Task A_viewer_is_woken_while_others_keep_it_from_the_log()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var first = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        using var second = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        var reading = new TaskCompletionSource();
        _fixture.Log.BeforeRead = _ => reading.Task;
        var events = first.Take(1);

        Assert.Equal(ViewerStepKind.Woken, await NextKind(second));
        reading.SetResult();

        Assert.Equal([(1, "1")], await events);
        var next = ViewerStepKind.Woken;
        while (next == ViewerStepKind.Woken)
            next = await NextKind(second);
        Assert.Equal(ViewerStepKind.Events, next);
    }

    [Fact]
    public async Task A_server_that_stops_does_not_wait_for_the_log()
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        _fixture.Log.Fault = new StorageException(StorageFault.Unreachable, "away");

        viewer.End();

        Assert.Equal(ViewerStepKind.Ended, (await viewer.Next()).Kind);
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_wait_for_the_log()
    {
        var thread = _fixture.NewThread();
        using var leaving = new CancellationTokenSource();
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, leaving.Token);
        _fixture.Log.Fault = new StorageException(StorageFault.Unreachable, "away");

        var waiting = viewer.Next().AsTask();
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Theory]
    [InlineData(StorageFault.Corrupt)]
    [InlineData(StorageFault.Other)]
    public async Task What_does_not_pass_by_itself_is_reported_and_not_taken_for_silence(StorageFault fault)
    {
        var thread = _fixture.NewThread();
        thread.Commit("1");
        using var viewer = await _fixture.Feed.Follow(thread.Id, 0, Cancelled);
        _fixture.Log.Fault = new StorageException(fault, "broken");

        await Assert.ThrowsAsync<StorageException>(() => viewer.Next().AsTask());
    }

    /// <summary>The next step, while time passes.</summary>
    private async Task<ViewerStepKind> NextKind(Viewer viewer)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var next = viewer.Next().AsTask();
        while (!next.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            _fixture.Time.Advance(Viewer.Pause);
            await Task.Yield();
        }

        return (await next).Kind;
    }
}
