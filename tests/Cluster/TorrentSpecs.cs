using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>Many events at once, watched at every node and through everything that can break between them.</summary>
public sealed class TorrentSpecs : IAsyncLifetime
{
    private const string Torrent = "started; n=0; while [ $n -lt 4000 ]; do message $n $n; n=$((n + 1)); [ $((n % 20)) = 0 ] && sleep 0.01; done; completed";

    private static readonly string[] _names = ["a", "b", "c"];

    private Nodes _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await Nodes.Start(fake: true, _names);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task Viewers_at_every_node_see_each_event_once_and_in_order()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        await using var stream = await a.Stream(new { prompt = Torrent });
        var tapes = await Task.WhenAll(_names.SelectMany(name => Enumerable.Repeat(name, 4)).Select(name => FollowToTheEnd(name, stream.ThreadId)));
        await stream.ReadToEnd();

        Assert.Equal(4004, stream.Tape.Events.Count);
        Assert.All(tapes, tape => Assert.True(Seen(stream.Tape).SequenceEqual(Seen(tape))));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_restart_of_PostgreSQL_in_between_loses_and_repeats_nothing()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        await using var stream = await a.Stream(new { prompt = Torrent });
        var following = _names.Select(name => FollowToTheEnd(name, stream.ThreadId)).ToList();
        await stream.Until(frame => frame.Seq >= 500);

        await _nodes.Postgres.Kill();
        await _nodes.Postgres.Restart();

        await stream.ReadToEnd();
        Assert.Equal(4004, stream.Tape.Events.Count);
        Assert.All(await Task.WhenAll(following), tape => Assert.True(Seen(stream.Tape).SequenceEqual(Seen(tape))));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_front_end_without_a_silo_starts_follows_and_interrupts_turns_and_its_death_harms_nobody()
    {
        await _nodes.StartNode("gate", gatewayPort: FreePorts.Next());
        await _nodes.StartNode("web", mode: "Client");
        using var web = _nodes.Connect("web", TestContext.Current.CancellationToken);
        var seen = new EventTape(after: null);
        await using var stream = await web.Stream(new { prompt = Torrent }, seen);
        var beside = new EventTape();
        await using var following = await web.Follow(stream.ThreadId, beside);
        await stream.Until(frame => frame.Seq >= 1000);
        await following.Until(frame => frame.Seq >= 1000);

        await _nodes["web"].Kill();

        await stream.ReadUntilLost();
        var whole = await FollowToTheEnd("b", stream.ThreadId);
        Assert.Equal(4004, whole.Events.Count);
        whole.AssertHolds(seen);
        whole.AssertHolds(beside);

        await _nodes.StartNode("web", mode: "Client");
        using var again = _nodes.Connect("web", TestContext.Current.CancellationToken);
        await using var hanging = await again.Stream(new { prompt = "started; hang" });
        await hanging.Until("turn.started");
        (await again.Interrupt(hanging.ThreadId)).EnsureSuccessStatusCode();
        Assert.Equal("turn.failed", (await hanging.UntilTurnEnds()).Type);
    }

    private static IEnumerable<(long?, string)> Seen(EventTape tape) => tape.Events.Select(frame => (frame.Seq, frame.Text));

    /// <summary>Follows a thread until its turn ends, and reconnects when the connection breaks, as a browser does.</summary>
    private async Task<EventTape> FollowToTheEnd(string node, Guid thread)
    {
        using var api = _nodes.Connect(node, TestContext.Current.CancellationToken);
        var tape = new EventTape();
        while (tape.Events is [] or [.., { IsTerminal: false }])
        {
            try
            {
                await using var following = await api.Follow(thread, tape);
                await following.UntilTurnEnds();
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                // The connection broke, or was refused while the database was away.
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }

        return tape;
    }
}
