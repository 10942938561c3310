using System.Diagnostics;
using CodexOrleans.Cluster.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster.Failure;

/// <summary>
/// What dies or freezes while clients all over the cluster run turns. Nothing that any of them has seen is lost, repeated or reordered,
/// every turn ends once, and turns of nodes that are well do not end early.
/// </summary>
[Collection<KilledNodes>]
public sealed class FailureSpecs(FailureCluster cluster)
{
    private Nodes Nodes => cluster.Nodes;

    [Fact(Timeout = 300_000)]
    public async Task Kill_9_of_one_node_after_the_other_ends_their_turns_and_nothing_else()
    {
        var load = await Load.Start(cluster, FailureCluster.Names, TestContext.Current.CancellationToken);
        foreach (var name in FailureCluster.Names)
        {
            await load.RunsAt(name);
            await Nodes[name].Kill();
            // Those of the first are ended by the others; the next ones are back before anybody may have noticed.
            if (name == FailureCluster.Names[0])
                await LostTurnsEnd(name);
            await cluster.Start(name);
        }

        await load.GoesOn();
        await load.Check(harmed: [.. FailureCluster.Names]);
    }

    [Fact(Timeout = 300_000)]
    public async Task Kill_9_and_restart_of_PostgreSQL_costs_no_turn()
    {
        var load = await Load.Start(cluster, FailureCluster.Names, TestContext.Current.CancellationToken);
        foreach (var name in FailureCluster.Names)
            await load.RunsAt(name);

        await Nodes.Postgres.Kill();
        await Nodes.Postgres.Restart();

        await load.GoesOn();
        await load.Check();
    }

    [Fact(Timeout = 300_000)]
    public async Task Kill_9_of_a_front_end_without_a_silo_costs_no_turn()
    {
        await Nodes.StartNode("web", mode: "Client");
        var load = await Load.Start(cluster, [.. FailureCluster.Names, "web", "web"], TestContext.Current.CancellationToken);
        foreach (var name in FailureCluster.Names)
            await load.RunsAt(name);

        await Nodes["web"].Kill();
        await Nodes.StartNode("web", mode: "Client");
        await load.GoesOn();

        await load.Check();
        await Nodes["web"].Kill();
    }

    [Fact(Timeout = 300_000)]
    public async Task A_restart_of_one_node_after_the_other_costs_no_turn()
    {
        var load = await Load.Start(cluster, FailureCluster.Names, TestContext.Current.CancellationToken);
        foreach (var name in FailureCluster.Names)
        {
            await load.RunsAt(name);
            Nodes[name].Terminate();
            await Nodes[name].Exited();
            await cluster.Start(name);
        }

        await load.GoesOn();
        await load.Check();
    }

    [Fact(Timeout = 300_000)]
    public async Task A_node_frozen_for_half_a_minute_is_fenced_and_ends()
    {
        var load = await Load.Start(cluster, FailureCluster.Names, TestContext.Current.CancellationToken, patience: TimeSpan.FromSeconds(5));
        await load.RunsAt("b");

        Nodes["b"].Freeze();
        await LostTurnsEnd("b");
        // How long it is frozen, not a wait for anything.
        await Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Nodes["b"].Resume();

        // The others have declared it dead, and it cannot take part any more.
        await Nodes["b"].Exited();
        await cluster.Start("b");
        await load.GoesOn();
        await load.Check(harmed: "b");
    }

    private async Task LostTurnsEnd(string name)
    {
        var begin = Stopwatch.GetTimestamp();
        await Condition.Becomes(async () => await cluster.RunningTurnsOf(name) == 0);
        TestContext.Current.TestOutputHelper?.WriteLine($"The turns of node {name} had ended {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s after it was lost.");
    }
}
