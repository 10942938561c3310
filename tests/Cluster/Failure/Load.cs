using System.Collections.Concurrent;
using System.Globalization;
using CodexOrleans.Cluster.Suite;
using CodexOrleans.EndToEnd.Support;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Cluster.Failure;

/// <summary>
/// Clients that run one turn after the other while the cluster is being harmed, and the comparison of all that they have seen with the log
/// and with what the CLI has said.
/// </summary>
public sealed class Load
{
    private const int Workers = 12;
    private const int Messages = 20;

    // Far longer than anything may take by which a stream gets over what has died around it.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly FailureCluster _cluster;
    private readonly TimeSpan _clientPatience;
    private readonly ConcurrentBag<(RoamingClient Client, string Word)> _turns = [];
    private readonly int[] _finished = new int[Workers];
    private readonly HashSet<Guid> _before;
    private readonly IReadOnlyList<Task> _working;
    private volatile bool _done;

    private Load(FailureCluster cluster, IReadOnlyList<string> entries, TimeSpan patience, IEnumerable<Guid> before, CancellationToken cancellationToken)
    {
        _clientPatience = patience;
        _cluster = cluster;
        _before = [.. before];
        _working = [.. Enumerable.Range(0, Workers).Select(worker => Task.Run(() => Work(worker, entries, RandomNodes.SeededRandom(), cancellationToken), cancellationToken))];
    }

    /// <summary>Starts the clients.</summary>
    /// <param name="entries">Names of the nodes at which they connect.</param>
    /// <param name="patience">How long a stream may be silent before its client leaves it; null when no stream may be silent for so long.</param>
    public static async Task<Load> Start(FailureCluster cluster, IReadOnlyList<string> entries, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        new(cluster, entries, patience ?? _patience, await Threads(cluster), cancellationToken);

    /// <summary>Waits until each client has finished another turn that began after this call.</summary>
    public async Task GoesOn()
    {
        var goals = _finished.Select(count => count + 2).ToArray();
        await UntilOrFailed(() => Task.FromResult(Enumerable.Range(0, Workers).All(worker => Volatile.Read(ref _finished[worker]) >= goals[worker])));
    }

    /// <summary>Waits until the node runs some of the turns.</summary>
    public Task RunsAt(string node) => UntilOrFailed(async () => await _cluster.RunningTurnsOf(node) >= 2);

    /// <summary>
    /// Lets the clients finish and checks every promise on every thread that they have started, also on those that they were never told of.
    /// </summary>
    /// <param name="harmed">Nodes of which turns may have been lost. All turns of the others must have completed.</param>
    public async Task Check(params string[] harmed)
    {
        _done = true;
        await Task.WhenAll(_working);
        await Condition.Becomes(async () => (await _cluster.Query("SELECT 1 FROM turns WHERE status = 0", _ => 0)).Count == 0);

        var mayBeLost = harmed.Select(_cluster.InstallationOf).ToHashSet();
        var owners = (await _cluster.Query("SELECT id, host FROM turns", row => (Id: row.GetGuid(0), Host: row.GetString(1)))).ToDictionary(turn => turn.Id, turn => turn.Host.Split('.')[0]);
        using var reader = _cluster.Nodes.Connect("a", TestContext.Current.CancellationToken);
        var lost = 0;
        foreach (var (client, word) in _turns)
        {
            AssertSaid(client.Tape, word);
            Assert.True(client.Silences == 0 || _clientPatience < _patience, $"A stream of thread {client.Thread} fell silent while its turn ran.");
            var pages = await reader.ReadPages(client.Thread);
            Assert.Equal(client.Tape.Events.Select(frame => (frame.Seq, frame.Text)), pages.Select(page => ((long?)page.Seq, page.Event)));
            var end = client.Tape.Events[^1];
            if (end.Type != "turn.completed")
            {
                lost++;
                Assert.Contains("host_lost", end.Text, StringComparison.Ordinal);
                Assert.Contains(owners[client.Turn], mayBeLost);
                await LiveProcesses.Gone(client.Turn);
            }
        }

        // Also those whose first answer was lost with its node, so that nobody follows them.
        var known = _turns.Select(turn => turn.Client.Thread).ToHashSet();
        var unseen = (await Threads(_cluster)).Where(thread => !_before.Contains(thread) && !known.Contains(thread)).ToList();
        foreach (var thread in unseen)
        {
            var log = await reader.ReadAll(thread);
            Assert.True(log.Events[^1].IsTerminal);
            AssertSaid(log, word: null);
        }

        var whole = _turns.Where(turn => turn.Client.Tape.Events[^1].Type == "turn.completed").Select(turn => turn.Client).ToList();
        Assert.NotEmpty(whole);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{_turns.Count} turns, {lost} of them lost with their node, {unseen.Count} that nobody was told of, {_turns.Sum(turn => turn.Client.Reconnects)} reconnects; "
            + $"of the turns that were not lost, the longest time between two events was {Seconds(whole.Max(client => client.LongestPause))} on one connection, "
            + $"{Seconds(whole.Max(client => client.LongestBreak))} with a reconnect.");
    }

    /// <summary>Waits for a state, and fails with the first client that does.</summary>
    private async Task UntilOrFailed(Func<Task<bool>> condition)
    {
        await Condition.Becomes(async () => _working.Any(client => client.IsFaulted) || await condition());
        foreach (var failed in _working.Where(client => client.IsFaulted))
            await failed;
    }

    /// <summary>Whether the events are those that the script orders: all of them, or the first ones if the turn was lost.</summary>
    private static void AssertSaid(EventTape tape, string? word)
    {
        var said = tape.Events.Where(frame => frame.Kind == "item.completed/agent_message").Select(frame => frame.Json.GetProperty("item").GetProperty("text").GetString()!).ToList();
        word ??= said is [var first, ..] ? first.Split('-')[0] : "";
        Assert.Equal(Enumerable.Range(0, said.Count).Select(n => $"{word}-{n}"), said);
        Assert.Equal(1, tape.Events.Count(frame => frame.IsTerminal));
        Assert.Equal("turn.submitted", tape.Events[0].Type);
        if (tape.Events[^1].Type != "turn.completed")
            return;
        Assert.Equal(Messages, said.Count);
        Assert.Equal(["turn.submitted", "thread.started", "turn.started", "item.started/command_execution"], tape.Kinds.Take(4));
    }

    private static Task<IReadOnlyList<Guid>> Threads(FailureCluster cluster) => cluster.Query("SELECT id FROM threads", row => row.GetGuid(0));

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s");

    private async Task Work(int worker, IReadOnlyList<string> entries, Random random, CancellationToken cancellationToken)
    {
        while (!_done)
        {
            var word = $"w{random.Next():x8}";
            var client = new RoamingClient(_cluster.Nodes, entries, _clientPatience, random, cancellationToken);
            // The command stays open until the turn ends, so somebody has to close it.
            await client.Run($"started; command_started work c; n=0; while [ $n -lt {Messages} ]; do message {word}-$n $n; n=$((n + 1)); sleep 0.1; done; completed");
            _turns.Add((client, word));
            Interlocked.Increment(ref _finished[worker]);
        }
    }
}
