using System.Net;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster;

/// <summary>Three nodes, the real CLI, and clients that send each request to whichever node they like.</summary>
public sealed class NodeSpecs : IAsyncLifetime
{
    private static readonly string[] _names = ["a", "b", "c"];

    private Nodes _nodes = null!;

    public async ValueTask InitializeAsync() => _nodes = await Nodes.Start(fake: false, _names);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact(Timeout = 180_000)]
    public async Task A_thread_is_started_followed_continued_and_interrupted_at_different_nodes()
    {
        var mark = Mark.New();
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        using var c = _nodes.Connect("c", TestContext.Current.CancellationToken);

        var tape = new EventTape(after: null);
        var thread = (await a.Turn(new { prompt = "SCENARIO:plain remember this" }, tape)).ThreadId;
        Assert.Contains("remember this", (await b.Turn(new { prompt = "SCENARIO:echo", thread_id = thread }, tape)).Answer, StringComparison.Ordinal);

        await using var running = await c.Stream(new { prompt = $"SCENARIO:shell CMD:sleep {mark}", thread_id = thread }, tape);
        var follower = new EventTape();
        await using var following = await a.Follow(thread, follower);
        await following.Until(frame => frame.Kind == "item.started/command_execution" && frame.Seq > tape.LastSeq - 10);
        (await b.Interrupt(thread)).EnsureSuccessStatusCode();
        await running.ReadToEnd();
        await following.Until(frame => frame.Seq == tape.LastSeq);

        await LiveProcesses.Gone(running.TurnId, mark);
        follower.AssertHolds(tape);
        Assert.Equal(follower.Events.Count, (await b.ReadPages(thread)).Count);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_conversation_goes_on_at_a_node_that_has_never_seen_it()
    {
        var tape = new EventTape(after: null);
        Guid thread;
        using (var a = _nodes.Connect("a", TestContext.Current.CancellationToken))
        {
            thread = (await a.Turn(InWorkspace("SCENARIO:plain my word is pelican"), tape)).ThreadId;
            Assert.Contains("pelican", (await a.Turn(new { prompt = "SCENARIO:echo", thread_id = thread }, tape)).Answer, StringComparison.Ordinal);
        }

        // Its home, with the CLI's own record of the session, is its own, and is gone with it.
        _nodes["a"].Terminate();
        await _nodes["a"].Exited();
        _nodes.DeleteHome("a");

        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        var echo = await b.Turn(new { prompt = "SCENARIO:echo", thread_id = thread }, tape);
        Assert.Contains("pelican", echo.Answer, StringComparison.Ordinal);
        // The session itself, not the history told to a new one.
        Assert.DoesNotContain("earlier_turns", echo.Answer, StringComparison.Ordinal);
        Assert.Single(_nodes.RecordsOf("b"));
    }

    [Fact(Timeout = 180_000)]
    public async Task A_thread_whose_own_folder_is_on_a_node_that_is_gone_is_refused_elsewhere_and_left_as_it_is()
    {
        var tape = new EventTape(after: null);
        Guid thread;
        using (var a = _nodes.Connect("a", TestContext.Current.CancellationToken))
            thread = (await a.Turn(new { prompt = "SCENARIO:plain" }, tape)).ThreadId;
        _nodes["a"].Terminate();
        await _nodes["a"].Exited();

        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        await CodexApi.Refused(await b.TryStream(new { prompt = "SCENARIO:echo", thread_id = thread }), HttpStatusCode.Conflict, "working_directory_missing");

        Assert.Equal(tape.Events.Count, (await b.ReadPages(thread)).Count);
        Assert.Equal("turn.completed", (await b.Turn(new { prompt = "SCENARIO:echo", thread_id = thread, working_directory = _nodes.Stage.Workspace, skip_git_repo_check = true }, tape)).End.Type);
    }

    [Fact(Timeout = 180_000)]
    public async Task Kill_9_of_a_node_ends_its_turns_unwatched_and_leaves_those_of_the_others_alone()
    {
        const int TurnsPerNode = 3;
        var mark = Mark.New();
        var streams = new List<(string Node, SseConnection Stream)>();
        foreach (var name in _names)
        {
            using var api = _nodes.Connect(name, TestContext.Current.CancellationToken);
            for (var i = 0; i < TurnsPerNode; i++)
                streams.Add((name, await api.Stream(InWorkspace(name == "a" ? $"SCENARIO:shell CMD:sleep {mark}" : "SCENARIO:gate NAME:after-the-kill CMD:seq 1 100"))));
        }

        foreach (var (_, stream) in streams)
            await stream.Until(frame => frame.Kind is "item.started/command_execution" or "item.completed/command_execution");
        var reading = streams.Select(stream => (stream.Node, stream.Stream, Task: stream.Stream.ReadUntilLost())).ToList();

        await _nodes["a"].Kill();

        // Nobody watches the lost ones; the log tells when they have ended.
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        foreach (var (_, stream, task) in reading.Where(stream => stream.Node == "a"))
        {
            await task;
            await Condition.Becomes(async () => (await b.ReadPages(stream.ThreadId))[^1].Event.Contains("turn.failed", StringComparison.Ordinal));
            var log = await b.ReadAll(stream.ThreadId);
            log.AssertHolds(stream.Tape);
            Assert.Contains("host_lost", log.Events[^1].Text, StringComparison.Ordinal);
            await LiveProcesses.Gone(stream.TurnId, mark);
            Assert.Equal("turn.completed", (await b.Turn(new { prompt = "SCENARIO:plain", thread_id = stream.ThreadId }, log)).End.Type);
        }

        _nodes.Stage.Model.Gates.Open("after-the-kill");
        foreach (var (_, stream, task) in reading.Where(stream => stream.Node != "a"))
        {
            await task;
            Assert.Equal("turn.completed", stream.Tape.Events[^1].Type);
        }
    }

    /// <summary>A turn in a folder that is there on every node.</summary>
    private object InWorkspace(string prompt) => new { prompt, working_directory = _nodes.Stage.Workspace, skip_git_repo_check = true };
}
