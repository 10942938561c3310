using System.Diagnostics;
using System.Runtime.Versioning;
using CodexOrleans.Codex.Processes;
using CodexOrleans.Codex.Tests.Support;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Logging.Abstractions;

namespace CodexOrleans.Codex.Tests.Processes;

/// <summary>What a turn starts must not outlive it, however it hides.</summary>
[SupportedOSPlatform("linux")]
public sealed class StrayProcessSpecs : IDisposable
{
    private readonly EngineFixture _fixture = new(o => o.StopGrace = TimeSpan.FromMilliseconds(300));

    public void Dispose() => _fixture.Dispose();

    private Task<int> IdIn(string file) => ProcessProbe.ReadId(Path.Combine(_fixture.Folder, file));

    private static Process StartTagged(string host, string turn)
    {
        var start = new ProcessStartInfo("/bin/sleep", "1000");
        start.Environment[ProcessTag.HostVariable] = host;
        start.Environment[ProcessTag.TurnVariable] = turn;
        return Process.Start(start)!;
    }

    public static TheoryData<string> Hideouts => new()
    {
        "sh -c 'echo $$ > child; exec sleep 1000' &",
        "setsid sh -c 'echo $$ > child; exec sleep 1000' &",
        "(setsid sh -c 'echo $$ > child; exec sleep 1000' &) &",
        "setsid sh -c \"trap '' INT TERM HUP; echo \\$\\$ > child; while :; do sleep 0.1; done\" >/dev/null 2>&1 </dev/null &",
    };

    [Theory]
    [MemberData(nameof(Hideouts))]
    public async Task A_child_is_ended_with_a_completed_turn(string child)
    {
        var turn = await _fixture.Run($"started; {child} while [ ! -s child ]; do sleep 0.01; done; completed");

        Assert.Equal(TurnStatus.Completed, turn.Outcome.Status);
        Assert.False(ProcessProbe.IsAlive(await IdIn("child")));
    }

    [Theory]
    [MemberData(nameof(Hideouts))]
    public async Task A_child_is_ended_with_an_interrupted_turn(string child)
    {
        await using var turn = _fixture.Start($"started; {child} while [ ! -s child ]; do sleep 0.01; done; message ready; hang");
        await turn.ReadUntil("ready");

        turn.Stop(StopReason.Interrupted);
        await turn.Record();
        await turn.Settled;

        Assert.False(ProcessProbe.IsAlive(await IdIn("child")));
    }

    [Fact]
    public async Task A_child_is_ended_when_the_CLI_is_killed_from_outside()
    {
        var turn = await _fixture.Run("started; setsid sleep 1000 & echo $! > child; kill -9 $$");

        Assert.Equal(FailureCodes.CodexExited, turn.Outcome.ErrorCode);
        Assert.False(ProcessProbe.IsAlive(await IdIn("child")));
    }

    [Fact]
    public async Task Children_that_end_and_leave_a_child_while_they_are_looked_for_do_not_survive()
    {
        // Each process of the chain lives for about as long as a look takes: where the look is, there is none any more.
        var turns = Enumerable.Range(0, 20).Select(async _ =>
        {
            var mark = $"{Random.Shared.Next()}.{Random.Shared.Next()}";
            await _fixture.Run($$"""started; hop() { if [ "$1" -gt 0 ]; then (hop $(($1 - 1)) &); else exec sleep 9{{mark}}; fi; }; (hop 100 &); exit 3""");
            return Directory.EnumerateDirectories("/proc").Where(p => Reads(p, mark)).ToList();
        });

        Assert.All(await Task.WhenAll(turns), Assert.Empty);

        static bool Reads(string process, string mark)
        {
            try
            {
                return File.ReadAllText(Path.Combine(process, "cmdline")).Contains(mark, StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    [Fact]
    public async Task A_child_that_holds_stdout_and_hides_its_tag_does_not_hold_the_turn()
    {
        // What clears its environment cannot be found; it must not keep the turn open all the same.
        await using var turn = _fixture.Start("started; env -i setsid sh -c 'echo $$ > child; exec sleep 1000' & until [ -s child ]; do sleep 0.01; done; exit 3");

        var recording = await turn.Record();
        await turn.Settled;

        Assert.Equal(FailureCodes.CodexExited, recording.Outcome.ErrorCode);
        var child = await IdIn("child");
        using var left = Process.GetProcessById(child);
        left.Kill();
    }

    [Fact]
    public async Task Only_the_turns_own_processes_are_ended()
    {
        var turn = Guid.CreateVersion7();
        using var own = StartTagged(_fixture.Host.Value, turn.ToString());
        using var otherTurn = StartTagged(_fixture.Host.Value, Guid.CreateVersion7().ToString());
        using var longer = StartTagged(_fixture.Host.Value, turn + "0");
        using var otherHost = StartTagged(ProcessTag.Ephemeral().Value, turn.ToString());

        await _fixture.Strays.EndTurn(turn);
        await own.WaitForExitAsync(TestContext.Current.CancellationToken);

        Process[] others = [otherTurn, longer, otherHost];
        Assert.All(others, p => Assert.False(p.HasExited));
        foreach (var process in others)
            process.Kill();
    }

    [Fact]
    public async Task The_sweep_ends_what_earlier_starts_of_the_same_installation_left_and_nothing_else()
    {
        var before = ProcessTag.Of("installation");
        var now = ProcessTag.Of("installation");
        Assert.Equal(before.Installation, now.Installation);
        Assert.NotEqual(before.Boot, now.Boot);
        using var earlier = StartTagged(before.Value, "t");
        using var running = StartTagged(now.Value, "t");
        using var other = StartTagged(ProcessTag.Ephemeral().Value, "t");

        await new StrayProcesses(now, NullLogger<StrayProcesses>.Instance).SweepEarlierStarts();
        await earlier.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.False(running.HasExited);
        Assert.False(other.HasExited);
        running.Kill();
        other.Kill();
    }

    [Fact]
    public void A_process_whose_id_was_given_to_one_with_another_tag_is_not_ended()
    {
        using var process = StartTagged(_fixture.Host.Value, "t");
        var found = ProcessScan.Take().Tagged.Single(p => p.Id == process.Id);

        (found with { Turn = "another" }).Kill();

        Assert.False(process.WaitForExit(TimeSpan.FromMilliseconds(50)));
        found.Kill();
        process.WaitForExit();
    }
}
