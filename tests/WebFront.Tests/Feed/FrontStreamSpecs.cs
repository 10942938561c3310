using System.Text;
using CodexOrleans.Grains;
using CodexOrleans.Storage.Data;
using CodexOrleans.Storage.Log;
using CodexOrleans.TestSupport;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Streams;

namespace CodexOrleans.WebFront.Tests.Feed;

/// <summary>The front end's stream in the whole server: its silo, its stream provider, its log.</summary>
public sealed class FrontStreamSpecs
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_published_on_the_front_ends_stream_reaches_its_viewers_in_order()
    {
        await using var server = await RunningServer.Start();
        var feed = server.Services.GetRequiredService<FrontFeed>();
        var threadId = Guid.CreateVersion7();
        using var viewer = await feed.Follow(threadId, 0, Cancelled);
        await viewer.TakeHistory();

        var stream = StreamOf(server);
        for (var seq = 1; seq <= 200; seq++)
            await stream.OnNextAsync(Batch(threadId, seq));
        Assert.Equal(Enumerable.Range(1, 200).Select(seq => ((long)seq, $"{seq}")), await viewer.Take(200));
    }

    [Fact]
    public async Task After_a_stream_error_it_is_subscribed_again_and_once()
    {
        await using var server = await RunningServer.Start();
        var feed = server.Services.GetRequiredService<FrontFeed>();
        var front = server.Services.GetRequiredService<FrontStream>();
        var stream = StreamOf(server);
        var first = (await stream.GetAllSubscriptionHandles()).Single().HandleId;
        var threadId = Guid.CreateVersion7();
        using var viewer = await feed.Follow(threadId, 0, Cancelled);
        await viewer.TakeHistory();

        await front.OnErrorAsync(new InvalidOperationException("lost"));
        await front.OnErrorAsync(new InvalidOperationException("lost"));
        await Condition.Becomes(async () => await stream.GetAllSubscriptionHandles() is [var handle] && handle.HandleId != first);

        // It is in no log: what comes while the viewer looks there after the error is lost for good.
        var taking = viewer.Take(1);
        await Condition.Becomes(async () =>
        {
            await stream.OnNextAsync(Batch(threadId, 1));
            return taking.IsCompleted;
        });
        Assert.Equal([(1, "1")], await taking);
    }

    [Fact(Timeout = 60_000)]
    public async Task When_a_node_has_died_viewers_look_into_the_log_at_once()
    {
        using var fixture = new FeedFixture();
        using var membership = new ScriptedMembership();
        using var front = new FrontStream(null!, fixture.Feed, fixture.Time, new SoleFront(), NullLogger<FrontStream>.Instance, membership);
        await front.StartAsync(TestContext.Current.CancellationToken);
        var thread = fixture.NewThread();
        using var viewer = await fixture.Feed.Follow(thread.Id, 0, Cancelled);
        await viewer.TakeHistory();

        // In the log, and lost on its way here. The clock of the tail checks stands still.
        thread.Commit(EventKind.Codex, endsTurn: false, "1");
        membership.Tell(SiloStatus.Active);
        membership.Tell(SiloStatus.Dead);

        Assert.Equal([(1, "1")], await viewer.Take(1));
        await front.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_stream_that_fell_silent_is_noticed_by_what_the_log_has_and_subscribed_again()
    {
        await using var server = await RunningServer.Start("--Relay:TailCheck=00:00:00.2");
        var stream = StreamOf(server);
        var threadId = Guid.CreateVersion7();
        using var viewer = await server.Services.GetRequiredService<FrontFeed>().Follow(threadId, 0, Cancelled);
        await viewer.TakeHistory();

        await (await stream.GetAllSubscriptionHandles()).Single().UnsubscribeAsync();
        var turnId = Guid.CreateVersion7();
        await server.Services.GetRequiredService<IThreadStore>().Commit(new ThreadCommit
        {
            ThreadId = threadId,
            Generation = 1,
            Claim = true,
            ExpectedHead = 0,
            TurnStart = new TurnStart(turnId, "another host", 1),
            TurnEnd = new TurnEnd(turnId, TurnStatus.Completed, null, null, null, 1),
            Chunks = [new LogChunk { FirstSeq = 1, LastSeq = 1, TurnId = turnId, At = 1, Kind = (byte)EventKind.Codex, Lines = "1\n"u8.ToArray() }],
        });

        Assert.Equal([(1, "1")], await viewer.Take(1));
        await Condition.Becomes(async () => (await stream.GetAllSubscriptionHandles()).Count == 1);
    }

    private static IAsyncStream<ThreadEventBatch> StreamOf(RunningServer server) => server.Services.GetRequiredService<IClusterClient>()
        .GetStreamProvider(ThreadStreams.Provider)
        .GetStream<ThreadEventBatch>(ThreadStreams.ForFront(server.Services.GetRequiredService<FrontFeed>().Front));

    private static ThreadEventBatch Batch(Guid threadId, long seq) => new()
    {
        ThreadId = threadId,
        TurnId = Guid.Empty,
        FirstSeq = seq,
        LastSeq = seq,
        At = 0,
        Kind = EventKind.Codex,
        Lines = Encoding.UTF8.GetBytes($"{seq}\n"),
    };
}
