using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.Cluster.Failure;

/// <summary>Two activations of one thread at the same time, on nodes that are both well.</summary>
[Collection<KilledNodes>]
public sealed class FencingSpecs(FailureCluster cluster)
{
    private Nodes Nodes => cluster.Nodes;

    [Fact(Timeout = 180_000)]
    public async Task The_older_of_two_activations_writes_nothing_more_and_its_viewers_see_the_one_end()
    {
        const string Endless = "started; command_started work c; n=0; while :; do message $n $n; n=$((n + 1)); sleep 0.02; done";
        using var a = Nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = Nodes.Connect("b", TestContext.Current.CancellationToken);
        using var c = Nodes.Connect("c", TestContext.Current.CancellationToken);
        await using var stream = await a.Stream(new { prompt = Endless }, new EventTape());
        await using var elsewhere = await c.Follow(stream.ThreadId, new EventTape());
        await stream.Until("item.completed/agent_message");
        await elsewhere.Until("item.completed/agent_message");

        // The directory forgets where the thread is, and b, which has never called it, takes itself for its home.
        Assert.Equal(1, await cluster.Change($"UPDATE turns SET host = '{cluster.InstallationOf("b")}.x' WHERE id = '{stream.TurnId}'", TestContext.Current.CancellationToken));
        Assert.Equal(1, await cluster.Change($"DELETE FROM grain_directory WHERE grain = 'thread/{stream.ThreadId:N}'", TestContext.Current.CancellationToken));
        var log = new EventTape();
        await using var newer = await b.Follow(stream.ThreadId, log);

        Assert.Contains("host_lost", (await newer.UntilTurnEnds()).Text, StringComparison.Ordinal);
        Assert.Contains("host_lost", (await stream.UntilTurnEnds()).Text, StringComparison.Ordinal);
        Assert.Contains("host_lost", (await elsewhere.UntilTurnEnds()).Text, StringComparison.Ordinal);
        await LiveProcesses.Gone(stream.TurnId);
        Assert.False(Nodes["a"].HasExited);
        log.AssertHolds(stream.Tape);
        log.AssertHolds(elsewhere.Tape);
        Assert.Single(log.Events, frame => frame.IsTerminal);
        Assert.Equal(log.Events.Count, (await c.ReadPages(stream.ThreadId)).Count);
    }
}
