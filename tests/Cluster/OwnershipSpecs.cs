using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.Cluster;

/// <summary>A node that goes, is taken for dead, or comes back from the dead.</summary>
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

    [Fact(Timeout = 180_000)]
    public async Task A_restart_of_one_node_after_the_other_loses_no_event_and_no_turn()
    {
        const string Short = "started; n=0; while [ $n -lt 20 ]; do message $n $n; n=$((n + 1)); sleep 0.02; done; completed";
        using var done = new CancellationTokenSource();
        var working = Enumerable.Range(0, 6).Select(worker => Task.Run(
            async () =>
            {
                var turns = 0;
                for (var random = new Random(worker); !done.IsCancellationRequested; turns++)
                {
                    var tape = await RunAnywhere(Short, random);
                    Assert.Equal("turn.completed", tape.Events[^1].Type);
                    Assert.Equal(24, tape.Events.Count);
                }

                return turns;
            },
            TestContext.Current.CancellationToken)).ToList();

        foreach (var name in _names)
        {
            _nodes[name].Terminate();
            await _nodes[name].Exited();
            await _nodes.StartNode(name);
        }

        await done.CancelAsync();
        Assert.All(await Task.WhenAll(working), turns => Assert.True(turns > 0));
    }

    /// <summary>A turn as a client behind a balancer runs it: refused or cut off, it tries the next node.</summary>
    private async Task<EventTape> RunAnywhere(string prompt, Random random)
    {
        var tape = new EventTape(after: null);
        Guid? thread = null;
        while (tape.Events is [] or [.., { IsTerminal: false }])
        {
            try
            {
                using var api = _nodes.Connect(_names[random.Next(_names.Length)], TestContext.Current.CancellationToken);
                await using var stream = thread is { } known ? await api.Follow(known, tape) : await api.Stream(new { prompt }, tape);
                thread = stream.ThreadId;
                while (tape.Events is [] or [.., { IsTerminal: false }] && await stream.Next() is not null)
                {
                }
            }
            catch (Exception e) when (e is HttpRequestException or IOException or KeyNotFoundException or InvalidOperationException)
            {
                // The pause of a client that was refused, not a wait for anything.
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        return tape;
    }
}
