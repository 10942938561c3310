using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.Cluster;

/// <summary>A node that is taken for dead and comes back.</summary>
public sealed class OwnershipSpecs : IAsyncLifetime
{
    private static readonly string[] _names = ["a", "b", "c"];

    private Nodes _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await Nodes.Start(fake: true, _names);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task A_frozen_node_loses_its_threads_and_writes_nothing_more_when_it_wakes_up()
    {
        const string Endless = "started; n=0; while :; do message $n $n; n=$((n + 1)); sleep 0.02; done";
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        var seen = new EventTape(after: null);
        await using var stream = await a.Stream(new { prompt = Endless }, seen);
        await stream.Until("item.completed/agent_message");

        _nodes["a"].Freeze();
        var log = new EventTape();
        await using (var following = await b.Follow(stream.ThreadId, log))
            Assert.Contains("host_lost", (await following.UntilTurnEnds()).Text, StringComparison.Ordinal);
        _nodes["a"].Resume();

        // What it had sent before it froze is in the log, and what its CLI printed meanwhile goes nowhere.
        await stream.ReadUntilLost();
        await LiveProcesses.Gone(stream.TurnId);
        log.AssertHolds(seen);
        Assert.Equal(log.Events.Count, (await b.ReadPages(stream.ThreadId)).Count);
        Assert.Single(log.Events, frame => frame.IsTerminal);
    }
}
