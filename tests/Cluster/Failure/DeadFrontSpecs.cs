using System.Diagnostics;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.Grains;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster.Failure;

/// <summary>What is kept in the database for front ends and nodes, and goes when they are gone.</summary>
[Collection<KilledNodes>]
public sealed class DeadFrontSpecs(FailureCluster cluster)
{
    private const string Torrent = "started; n=0; while [ $n -lt 4000 ]; do message $n $n; n=$((n + 1)); [ $((n % 20)) = 0 ] && sleep 0.01; done; completed";
    private const string StreamPrefix = "thread-events-between-processes/front/";

    private Nodes Nodes => cluster.Nodes;

    [Fact(Timeout = 300_000)]
    public async Task Front_ends_that_are_killed_in_a_torrent_slow_no_turn_down_and_leave_nothing_behind()
    {
        const int Kills = 3;
        using var a = Nodes.Connect("a", TestContext.Current.CancellationToken);
        var known = await Fronts();
        var dead = new List<string>();
        for (var i = 0; i < Kills; i++)
        {
            await Nodes.StartNode("web", mode: "Client");
            using var web = Nodes.Connect("web", TestContext.Current.CancellationToken);
            var seen = new EventTape();
            await using var stream = await a.Stream(new { prompt = Torrent });
            await using var following = await web.Follow(stream.ThreadId, seen);
            await following.Until(frame => frame.Seq >= 1000);

            await Nodes["web"].Kill();
            // Each time, since the first may be gone by the time of the last.
            dead.Add(Assert.Single(await Fronts(), front => !known.Contains(front) && !dead.Contains(front)));

            var killed = Stopwatch.GetTimestamp();
            await stream.ReadToEnd();
            TestContext.Current.TestOutputHelper?.WriteLine($"{4004 - seen.LastSeq} events came in {Stopwatch.GetElapsedTime(killed).TotalSeconds:0.0} s after their other viewer's front end was killed.");
            await following.ReadUntilLost();
            Assert.Equal("turn.completed", stream.Tape.Events[^1].Type);
            Assert.Equal(4004, stream.Tape.Events.Count);
            (await a.ReadAll(stream.ThreadId)).AssertHolds(seen);
        }

        // Of the last one for sure.
        Assert.Contains(dead[^1], await Streams());

        await Silent(dead, TestContext.Current.CancellationToken);

        await Condition.Becomes(async () => !(await Streams()).Intersect(dead).Any() && !(await Fronts()).Intersect(dead).Any());
        await EventsArriveAtOnce();
    }

    [Fact(Timeout = 180_000)]
    public async Task A_front_end_that_was_taken_for_dead_comes_back_by_another_name()
    {
        var living = await Living();

        await Condition.Becomes(async () =>
        {
            // Again and again: one that says that it lives before anybody has noticed its silence does live.
            await Silent(living, TestContext.Current.CancellationToken);
            return !(await Fronts()).Intersect(living).Any() && !(await Streams()).Intersect(living).Any();
        });
        var again = await Living();
        Assert.Empty(again.Intersect(living));
        await Condition.Becomes(async () => again.All((await Streams()).Contains));
        await EventsArriveAtOnce();
    }

    [Fact(Timeout = 180_000)]
    public async Task Rows_of_dead_nodes_go()
    {
        const int Dead = 60;
        // A year ago; the nodes' membership is read anew by the one that starts.
        Assert.Equal(Dead, await cluster.Change(
            $"""
            INSERT INTO cluster_silos (cluster, address, port, generation, name, host, status, gateway_port, started_at, alive_at)
            SELECT cluster, '127.0.0.1', n, 1, 'long-gone', 'host', 6, 0, now() - interval '1 year', now() - interval '1 year'
            FROM cluster_versions, generate_series(1, {Dead}) AS n
            """,
            TestContext.Current.CancellationToken));
        Assert.Equal(1, await cluster.Change("INSERT INTO grain_directory (grain, activation, silo, membership_version) VALUES ('thread/long-gone', '@00', '127.0.0.1:7@1', 1)", TestContext.Current.CancellationToken));

        await Condition.Becomes(async () => (await cluster.Query("SELECT 1 FROM grain_directory WHERE grain = 'thread/long-gone'", _ => 0)).Count == 0);

        Nodes["c"].Terminate();
        await Nodes["c"].Exited();
        await cluster.Start("c");
        await Condition.Becomes(async () => (await cluster.Query("SELECT 1 FROM cluster_silos WHERE name = 'long-gone'", _ => 0)).Count == 0);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_node_that_starts_rehearses_on_threads_of_its_own_and_removes_them()
    {
        await Nodes.StartNode("d", own: [("Logging:LogLevel:CodexOrleans.WebFront.Hosting.WarmUp", "Debug")]);
        await Nodes["d"].Said("Rehearsed");
        using (var d = Nodes.Connect("d", TestContext.Current.CancellationToken))
            await d.Turn(new { prompt = "started; completed" });

        Assert.Empty(await Rehearsals());
        Assert.Empty(await cluster.Query("SELECT 1 FROM turns WHERE thread_id NOT IN (SELECT id FROM threads)", _ => 0));
        Nodes["d"].Terminate();
        await Nodes["d"].Exited();
    }

    [Fact(Timeout = 180_000)]
    public async Task What_a_killed_node_left_of_a_rehearsal_goes_although_it_does_not_come_back()
    {
        var thread = RehearsalThreads.Of("killed")[0];
        var turn = Guid.CreateVersion7();
        // Changed just now, as when its turn has been ended as lost.
        Assert.Equal(3, await cluster.Change(
            $$"""
            INSERT INTO threads (id, generation, head_seq, options, created_at, updated_at) VALUES ('{{thread}}', 1, 1, '{}', 1, extract(epoch FROM now()) * 1000);
            INSERT INTO turns (id, thread_id, status, host, first_seq, started_at) VALUES ('{{turn}}', '{{thread}}', 0, 'killed.once', 1, 1);
            INSERT INTO chunks (thread_id, first_seq, last_seq, turn_id, at, kind, lines) VALUES ('{{thread}}', 1, 1, '{{turn}}', 1, 1, convert_to(E'{"type":"turn.submitted"}\n', 'UTF8'));
            """,
            TestContext.Current.CancellationToken));

        await Condition.Becomes(async () => (await Rehearsals()).Count == 0);
    }

    private Task<IReadOnlyList<Guid>> Rehearsals() => cluster.Query(
        $"SELECT id FROM threads WHERE id BETWEEN '{RehearsalThreads.Least}' AND '{RehearsalThreads.Greatest}'", row => row.GetGuid(0));

    private Task<IReadOnlyList<string>> Fronts() => cluster.Query("SELECT name FROM front_ends", row => row.GetString(0));

    /// <summary>Names of the front ends of which Orleans keeps a stream.</summary>
    private Task<IReadOnlyList<string>> Streams() =>
        cluster.Query($"SELECT replace(key_extension, '{StreamPrefix}', '') FROM grain_states WHERE key_extension LIKE '{StreamPrefix}%'", row => row.GetString(0));

    /// <summary>The nodes' front ends, once each of them has said that it lives.</summary>
    private async Task<IReadOnlyList<string>> Living()
    {
        var now = (await cluster.Query("SELECT now()", row => row.GetDateTime(0)))[0];
        IReadOnlyList<string> living = [];
        await Condition.Becomes(async () =>
        {
            living = await cluster.Query($"SELECT name FROM front_ends WHERE seen_at > '{now:O}'", row => row.GetString(0));
            return living.Count == FailureCluster.Names.Count;
        });
        return living;
    }

    /// <summary>Lets time pass for these.</summary>
    private Task<int> Silent(IEnumerable<string> fronts, CancellationToken cancellationToken) =>
        cluster.Change($"UPDATE front_ends SET seen_at = seen_at - interval '1 hour' WHERE name IN ({string.Join(", ", fronts.Select(front => $"'{front}'"))})", cancellationToken);

    /// <summary>A turn at each node, followed at all of them: the CLI says the next word when all have heard the last one.</summary>
    private async Task EventsArriveAtOnce()
    {
        const int Words = 5;
        foreach (var name in FailureCluster.Names)
        {
            var heard = Nodes.Stage.NewFolder();
            using var owner = Nodes.Connect(name, TestContext.Current.CancellationToken);
            await using var stream = await owner.Stream(new { prompt = $"started; for n in $(seq {Words}); do message word-$n $n; until [ -e {heard}/$n ]; do sleep 0.02; done; done; completed" });
            var viewers = new List<SseConnection>();
            try
            {
                foreach (var other in FailureCluster.Names)
                {
                    using var api = Nodes.Connect(other, TestContext.Current.CancellationToken);
                    viewers.Add(await api.Follow(stream.ThreadId, new EventTape()));
                }

                for (var n = 1; n <= Words; n++)
                {
                    foreach (var viewer in viewers)
                        await viewer.Until(frame => frame.Text.Contains($"word-{n}\"", StringComparison.Ordinal));
                    await File.WriteAllTextAsync(Path.Combine(heard, $"{n}"), "");
                }

                foreach (var viewer in viewers)
                    Assert.Equal("turn.completed", (await viewer.UntilTurnEnds()).Type);
            }
            finally
            {
                foreach (var viewer in viewers)
                    await viewer.DisposeAsync();
            }
        }
    }
}
