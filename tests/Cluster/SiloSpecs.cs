using System.Net;
using CodexOrleans.Cluster.Support;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.Cluster;

/// <summary>Two silos without a front end, and three front ends without a silo.</summary>
public sealed class SiloSpecs(SiloSpecs.Processes processes) : IClassFixture<SiloSpecs.Processes>, IAsyncLifetime
{
    private const string WhoAmI = "echo $CODEX_ORLEANS_HOST";

    private readonly Nodes _nodes = processes.Nodes;

    /// <summary>Starts again what the test before has ended.</summary>
    public async ValueTask InitializeAsync() =>
        await Task.WhenAll(_nodes.All.Where(node => node.Value.HasExited).Select(node => _nodes.StartSilo(node.Key)).ToList());

    public ValueTask DisposeAsync() => default;

    [Fact(Timeout = 180_000)]
    public async Task A_turn_is_started_followed_and_interrupted_at_different_front_ends()
    {
        var mark = Mark.New();
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        using var c = _nodes.Connect("c", TestContext.Current.CancellationToken);
        await using var stream = await a.Stream(new { prompt = $"SCENARIO:shell CMD:sleep {mark}" });

        var follower = new EventTape();
        await using var following = await b.Follow(stream.ThreadId, follower);
        await following.Until("item.started/command_execution");
        (await c.Interrupt(stream.ThreadId)).EnsureSuccessStatusCode();

        Assert.Contains("interrupted", (await following.UntilTurnEnds()).Text, StringComparison.Ordinal);
        await stream.ReadToEnd();
        follower.AssertHolds(stream.Tape);
        await LiveProcesses.Gone(stream.TurnId, mark);
    }

    [Fact(Timeout = 180_000)]
    public async Task Kill_9_of_a_silo_ends_its_turns_and_their_threads_go_on_at_the_other()
    {
        var mark = Mark.New();
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        var killed = await SiloOf(a, tape, thread: null, _nodes.Stage.Workspace);
        var thread = processes.LastThread;
        await using var stream = await a.Stream(new { prompt = $"SCENARIO:shell CMD:sleep {mark}", thread_id = thread }, tape);
        await stream.Until("item.started/command_execution");

        await _nodes[killed].Kill();

        Assert.Contains("host_lost", (await stream.UntilTurnEnds()).Text, StringComparison.Ordinal);
        await LiveProcesses.Gone(stream.TurnId, mark);
        Assert.Equal(Other(killed), await SiloOf(b, tape, thread));
    }

    [Fact(Timeout = 180_000)]
    public async Task SIGTERM_lets_a_silo_finish_its_turns_and_new_ones_go_to_the_other()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        using var b = _nodes.Connect("b", TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        var leaving = await SiloOf(a, tape);
        await using var stream = await a.Stream(new { prompt = "SCENARIO:gate NAME:end-of-the-drain CMD:true", thread_id = processes.LastThread }, tape);
        await stream.Until("item.completed/command_execution");

        _nodes[leaving].Terminate();
        await _nodes[leaving].Said("Waiting up to");
        Assert.Equal(Other(leaving), await SiloOf(b, new EventTape(after: null)));
        _nodes.Stage.Model.Gates.Open("end-of-the-drain");

        Assert.Equal("turn.completed", (await stream.UntilTurnEnds()).Type);
        await _nodes[leaving].Exited();
        Assert.Equal(0, _nodes[leaving].ExitCode);
    }

    [Fact(Timeout = 180_000)]
    public async Task A_silo_that_comes_back_under_another_address_has_its_threads_and_their_files_again()
    {
        using var a = _nodes.Connect("a", TestContext.Current.CancellationToken);
        var tape = new EventTape(after: null);
        var home = await SiloOf(a, tape);
        var thread = processes.LastThread;

        // All of the cluster dies at once, and nobody is left who would notice.
        await Task.WhenAll(_nodes["one"].Kill(), _nodes["two"].Kill());
        await _nodes.StartSilo(home, address: "127.0.0.2");
        await _nodes.StartSilo(Other(home));

        // The thread's own folder is on this silo and nowhere else: elsewhere its turn would be refused.
        Assert.Equal(home, await SiloOf(a, tape, thread));
    }

    private static string Other(string silo) => silo == "one" ? "two" : "one";

    /// <summary>Runs a turn, and tells which silo ran it: the CLI's commands can see whose they are. A refused client comes back later.</summary>
    private async Task<string> SiloOf(CodexApi api, EventTape tape, Guid? thread = null, string? folder = null)
    {
        while (true)
        {
            try
            {
                var turn = await api.Turn(new { prompt = $"SCENARIO:shell CMD:{WhoAmI}", thread_id = thread, working_directory = folder, skip_git_repo_check = true }, tape);
                Assert.Equal("turn.completed", turn.End.Type);
                processes.LastThread = turn.ThreadId;
                var said = tape.Events.Last(frame => frame.Kind == "item.completed/command_execution").Text;
                return _nodes.All.Single(node => Installation(node.Value) is { } id && said.Contains(id, StringComparison.Ordinal)).Key;
            }
            catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                // The pause of a client that was refused, not a wait for anything.
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private static string? Installation(ServerProcess node)
    {
        var file = Path.Combine(node.DataDirectory, "installation");
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <summary>The processes, which all tests of the class use one after the other.</summary>
    public sealed class Processes : IAsyncLifetime
    {
        public Nodes Nodes { get; private set; } = null!;

        /// <summary>The thread of the turn that <see cref="SiloOf"/> has run.</summary>
        public Guid LastThread { get; set; }

        public async ValueTask InitializeAsync()
        {
            Nodes = await Nodes.Start(fake: false);
            await Task.WhenAll(
                Nodes.StartSilo("one"), Nodes.StartSilo("two"), Nodes.StartNode("a", "Client"), Nodes.StartNode("b", "Client"), Nodes.StartNode("c", "Client"));
        }

        public ValueTask DisposeAsync() => Nodes.DisposeAsync();
    }
}
