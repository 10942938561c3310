using System.Net;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>More turns than slots: nodes with one slot each.</summary>
public sealed class QueueSpecs : IAsyncLifetime
{
    private const string Hang = "started; hang";
    private const string Short = "started; message done; completed";

    private readonly TemporaryFolder _folder = new();
    private Nodes _nodes = null!;

    public async ValueTask InitializeAsync() =>
        _nodes = await Nodes.Start([("Codex:MaxConcurrentTurns", "1"), ("Codex:MaxQueueWait", "00:01:00"), ("Codex:DrainTimeout", "00:00:01")], "a", "b");

    public async ValueTask DisposeAsync()
    {
        await _nodes.DisposeAsync();
        _folder.Dispose();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_full_node_gives_a_new_thread_to_one_with_a_free_slot()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        await using var first = await a.Stream(new { prompt = Hang });
        await using var second = await a.Stream(new { prompt = Hang });

        Assert.Equal("a", await _nodes.NodeOfTurn(first.TurnId));
        Assert.Equal("b", await _nodes.NodeOfTurn(second.TurnId));
        await second.Until("turn.started");
        (await a.Interrupt(second.ThreadId)).EnsureSuccessStatusCode();
        Assert.Equal("turn.failed", (await second.UntilTurnEnds()).Type);
        (await a.ReadAll(second.ThreadId)).AssertHolds(second.Tape);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_node_that_drains_gives_its_new_threads_to_another()
    {
        await _nodes.StartNode("c", own: [("Codex:DrainTimeout", "00:02:00")]);
        using var c = _nodes.Connect("c", TestContext.Current.CancellationToken);
        await using var running = await c.Stream(new { prompt = "started; message begun; while [ ! -e go ]; do sleep 0.05; done; completed", working_directory = _folder.Path, skip_git_repo_check = true });
        await running.Until("item.completed/agent_message");
        _nodes["c"].Terminate();
        await _nodes["c"].Said("running turns");

        var turn = await c.Turn(new { prompt = Short });

        Assert.NotEqual("c", await _nodes.NodeOfTurn(turn.TurnId));
        await File.WriteAllTextAsync(_folder["go"], "", TestContext.Current.CancellationToken);
        Assert.Equal("turn.completed", (await running.UntilTurnEnds()).Type);
        await _nodes["c"].Exited();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_that_waits_gets_the_first_slot_that_is_free_anywhere()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        await using var first = await a.Stream(new { prompt = Hang });
        await using var second = await a.Stream(new { prompt = Hang });
        var waiting = a.Turn(new { prompt = Short });

        (await a.Interrupt(second.ThreadId)).EnsureSuccessStatusCode();

        Assert.Equal("b", await _nodes.NodeOfTurn((await waiting).TurnId));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_user_without_a_running_turn_comes_before_one_with_some()
    {
        (string Name, string Token)[] users = [("busy", new('b', 32)), ("modest", new('m', 32))];
        (string, string)[] settings = [.. users.SelectMany((user, n) => new[] { ($"Auth:Users:{n}:Name", user.Name), ($"Auth:Users:{n}:Token", user.Token) })];
        await Task.WhenAll(_nodes.StartNode("a", own: settings), _nodes.StartNode("b", own: settings));
        using var busy = new CodexApi(_nodes["a"].CreateClient(users[0].Token), TestContext.Current.CancellationToken);
        using var modest = new CodexApi(_nodes["a"].CreateClient(users[1].Token), TestContext.Current.CancellationToken);
        await using var first = await busy.Stream(new { prompt = Hang });
        await using var second = await busy.Stream(new { prompt = Hang });
        var third = busy.Stream(new { prompt = Hang });
        var fourth = busy.Stream(new { prompt = Hang });
        Task turn = modest.Turn(new { prompt = Short });

        (await busy.Interrupt(second.ThreadId)).EnsureSuccessStatusCode();
        // The slot may be given before the modest one has asked. Then that one is next.
        if (await Task.WhenAny(turn, third, fourth) is Task<SseConnection> early)
        {
            (await busy.Interrupt((await early).ThreadId)).EnsureSuccessStatusCode();
            Assert.Same(turn, await Task.WhenAny(turn, early == third ? fourth : third));
        }

        await turn;
        (await busy.Interrupt(first.ThreadId)).EnsureSuccessStatusCode();
        await using var one = await third;
        await using var other = await fourth;
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thread_with_files_on_its_node_waits_for_that_node()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        var thread = (await a.Turn(new { prompt = Short })).ThreadId;
        await using var blocking = await Occupy("a", a);

        var waiting = b.Turn(new { prompt = Short, thread_id = thread });
        // It runs while the other one waits, so that one does not take this slot.
        Assert.Equal("b", await _nodes.NodeOfTurn((await b.Turn(new { prompt = Short })).TurnId));
        Assert.False(waiting.IsCompleted);
        (await b.Interrupt(blocking.ThreadId)).EnsureSuccessStatusCode();

        Assert.Equal("a", await _nodes.NodeOfTurn((await waiting).TurnId));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_node_without_the_CLI_gives_its_turns_to_others_and_says_so_when_there_is_none()
    {
        (string, string)[] noCli = [("Codex:ExecutablePath", "no-such-cli")];
        await _nodes.StartNode("web", own: noCli);
        using var web = _nodes.Connect("web", TestContext.Current.CancellationToken);

        Assert.NotEqual("web", await _nodes.NodeOfTurn((await web.Turn(new { prompt = Short })).TurnId));

        foreach (var name in (string[])["a", "b"])
        {
            _nodes[name].Terminate();
            await _nodes[name].Exited();
        }

        await CodexApi.Refused(await web.TryStream(new { prompt = Short }), HttpStatusCode.ServiceUnavailable, "codex_not_installed");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thread_on_a_shared_volume_goes_on_wherever_a_slot_is_free_while_it_is_watched()
    {
        (string, string)[] shared = [("Workspaces:Shared", "true"), ("Workspaces:Folder", Directory.CreateDirectory(_folder["volume"]).FullName)];
        await Task.WhenAll(_nodes.StartNode("a", own: shared), _nodes.StartNode("b", own: shared));
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        var thread = (await a.Turn(new { prompt = Short }, tape)).ThreadId;
        await using var blocking = await Occupy("a", a);
        var watching = new EventTape();
        await using var watcher = await a.Follow(thread, watching);
        await watcher.Until("synced");

        // The fake CLI keeps no session: it is told the history, which is no script, and fails. What counts is where.
        var moved = await a.Turn(new { prompt = Short, thread_id = thread }, tape);

        Assert.Equal("b", await _nodes.NodeOfTurn(moved.TurnId));
        await watcher.Until(frame => frame.Seq == tape.LastSeq);
        watching.AssertHolds(tape);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thread_goes_back_to_the_node_with_its_files_although_it_is_watched_at_another()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        await using var running = await a.Stream(new { prompt = Hang });
        await running.Until("turn.started");
        await using var watcher = await b.Follow(running.ThreadId, new EventTape());
        await _nodes["a"].Kill();
        Assert.Contains("host_lost", (await watcher.UntilTurnEnds()).Text, StringComparison.Ordinal);
        await _nodes.StartNode("a");

        // The fake CLI keeps no session: it is told the history, which is no script, and fails. What counts is where.
        var turn = await b.Turn(new { prompt = Short, thread_id = running.ThreadId });

        Assert.Equal("a", await _nodes.NodeOfTurn(turn.TurnId));
        await watcher.Until(frame => frame.Seq == turn.Tape.LastSeq);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_thread_that_moves_at_once_takes_its_conversation_along()
    {
        const string Remembering = "r=$CODEX_HOME/sessions/2026/01/01/rollout-2026-01-01T00-00-00-$session.jsonl; mkdir -p ${r%/*}; echo said >> $r; message \"said $(wc -l < $r)\"; completed";
        (string, string)[] own =
        [
            ("Workspaces:Shared", "true"),
            ("Workspaces:Folder", Directory.CreateDirectory(_folder["volume"]).FullName),
            // So that what is locked for two seconds is only late.
            ("Storage:ConnectionString", $"{_nodes.Database};Options=-c lock_timeout=60s"),
        ];
        await Task.WhenAll(_nodes.StartNode("a", own: own), _nodes.StartNode("b", own: own));
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        var thread = (await a.Turn(new { prompt = $"started; {Remembering}" })).ThreadId;

        await _nodes.RecordIsKept(thread);

        // The record of the second turn cannot be kept yet, so its slot is not free, and the next turn is offered the other node's as soon
        // as the nodes have a common queue.
        await using var keeping = await _nodes.LockRecords(TestContext.Current.CancellationToken);
        await a.Turn(new { prompt = $"turn_started; {Remembering}", thread_id = thread });
        var third = a.Turn(new { prompt = $"turn_started; {Remembering}", thread_id = thread });
        // How long the database is slow, not a wait for anything.
        await Task.WhenAny(third, Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));
        await keeping.DisposeAsync();

        Assert.Contains((await third).Tape.Events, frame => frame.Text.Contains("said 3", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_turn_that_waits_gets_its_slot_although_the_node_with_the_queue_dies()
    {
        await _nodes.StartNode("c");
        var streams = new List<SseConnection>();
        try
        {
            using (var any = _nodes.Connect("a", TestContext.Current.CancellationToken))
            {
                for (var i = 0; i < 3; i++)
                    streams.Add(await any.Stream(new { prompt = Hang }));
            }

            var queue = await _nodes.NodeOfGrain("turnqueue");
            var healthy = _nodes.All.Keys.First(name => name != queue);
            using var api = _nodes.Connect(healthy, TestContext.Current.CancellationToken);
            var waiting = api.Turn(new { prompt = Short });

            await _nodes[queue].Kill();
            foreach (var stream in streams)
            {
                if (await _nodes.NodeOfTurn(stream.TurnId) == healthy)
                    (await api.Interrupt(stream.ThreadId)).EnsureSuccessStatusCode();
            }

            Assert.Equal("turn.completed", (await waiting).End.Type);
        }
        finally
        {
            foreach (var stream in streams)
                await stream.DisposeAsync();
        }
    }

    /// <summary>A turn that takes the node's one slot. The slot of an earlier turn may not be free yet when that turn's end is seen.</summary>
    private async Task<SseConnection> Occupy(string node, CodexApi api)
    {
        while (true)
        {
            var stream = await api.Stream(new { prompt = Hang });
            if (await _nodes.NodeOfTurn(stream.TurnId) == node)
                return stream;
            (await api.Interrupt(stream.ThreadId)).EnsureSuccessStatusCode();
            await stream.ReadToEnd();
            await stream.DisposeAsync();
        }
    }
}
