using System.Globalization;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>
/// kill -9 of the server at random moments of a turn. A round ends with the thread continued on a new server, which is the next
/// round's victim.
/// </summary>
public sealed class KillSpecs(RunningServer running) : IClassFixture<RunningServer>
{
    /// <summary>What the victim turn is doing. <paramref name="Frames"/> is how many frames come for certain before it waits or ends.</summary>
    private sealed record Script(string Name, string Prompt, string Sandbox, int Frames);

    private static readonly Script[] _scripts =
    [
        new("the CLI starts", "SCENARIO:plain", "workspace-write", 1),
        new("a command runs", "SCENARIO:shell CMD:sleep {mark}", "workspace-write", 4),
        new("a command runs with background and setsid children, without a sandbox",
            "SCENARIO:shell CMD:setsid sleep {mark} & (sleep {mark} &) ; sleep {mark} & sleep {mark}", "danger-full-access", 4),
        new("the model answers slowly", "SCENARIO:drip N:600 MS:100", "workspace-write", 3),
        new("many commands come and go", "SCENARIO:shell N:12 CMD:seq 1 5000", "workspace-write", 20),
        new("commands run at once", "SCENARIO:shells CMD:sleep {mark};;setsid sleep {mark}", "danger-full-access", 4),
    ];

    // Repeat a failure with the seed that its message names.
    private static readonly int _seed = Environment.GetEnvironmentVariable("CODEX_ORLEANS_KILL_SEED") is { } seed
        ? int.Parse(seed, CultureInfo.InvariantCulture)
        : Random.Shared.Next(1_000_000);

    public static TheoryData<int> Rounds => [.. Enumerable.Range(0, 20)];

    [Theory(Timeout = 120_000), MemberData(nameof(Rounds))]
    public async Task Kill_9_in_the_middle_of_a_turn_loses_and_repeats_nothing(int round)
    {
        var script = _scripts[round % _scripts.Length];
        try
        {
            await running.EnsureRunning();
            await Play(script, new Random(_seed + round), TestContext.Current.CancellationToken);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"Round {round} ({script.Name}) with CODEX_ORLEANS_KILL_SEED={_seed}: {e.Message}\nThe server said:\n{running.Server.Output}", e);
        }
    }

    private async Task Play(Script script, Random random, CancellationToken cancellationToken)
    {
        var word = $"word{random.Next():x8}";
        var mark = Mark.New();
        var owner = new EventTape();
        var follower = new EventTape();
        Guid thread, victim;
        long submitted;

        using (var api = running.Connect(cancellationToken))
        {
            thread = (await api.Turn(new { prompt = $"SCENARIO:plain remember {word}", sandbox = script.Sandbox }, owner)).ThreadId;
            submitted = owner.LastSeq + 1;
            await using var stream = await api.Stream(new { prompt = script.Prompt.Replace("{mark}", mark, StringComparison.Ordinal), thread_id = thread }, owner);
            victim = stream.TurnId;
            await using var following = await api.Follow(thread, follower);
            var reading = following.ReadUntilLost();

            for (var frames = random.Next(script.Frames) + 1; frames > 0; frames--)
                await stream.Next();
            // The moment itself is random; nothing is awaited by this.
            await Task.Delay(random.Next(400), cancellationToken);
            await running.Server.Kill();
            await stream.ReadUntilLost();
            await reading;
        }

        await LiveProcesses.Gone(victim, mark);

        await running.Restart();
        using var again = running.Connect(cancellationToken);
        var log = new EventTape();
        await using (var stream = await again.Follow(thread, log))
            await stream.Until(frame => frame.IsTerminal && frame.Seq > submitted);
        log.AssertHolds(owner);
        log.AssertHolds(follower);

        var echo = await again.Turn(new { prompt = "SCENARIO:echo", thread_id = thread }, log);
        Assert.Equal("turn.completed", echo.End.Type);
        Assert.Contains(word, echo.Answer, StringComparison.Ordinal);

        var pages = await again.ReadPages(thread);
        Assert.Equal(log.Events.Select(frame => (frame.Seq, frame.Text)), pages.Select(page => ((long?)page.Seq, page.Event)));
        var ends = pages.Where(page => log.Events[(int)page.Seq - 1].IsTerminal).CountBy(page => page.TurnId);
        Assert.Equal(3, ends.Count());
        Assert.All(ends, turn => Assert.Equal(1, turn.Value));
    }
}
