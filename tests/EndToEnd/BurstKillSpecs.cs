using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>kill -9 of the server while turns print as fast as they are read.</summary>
public sealed class BurstKillSpecs(FakeCodexServer running) : IClassFixture<FakeCodexServer>
{
    private const int Turns = 4;

    // Two thousand at once, and again soon: a turn that never pauses is longer than a test wants to read.
    private const string Bursts = """started; i=0; while :; do message "text $i" "$i"; i=$((i+1)); [ $((i % 2000)) = 0 ] && sleep 0.1; done""";

    [Theory(Timeout = 120_000)]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(10_000)]
    public async Task Kill_9_in_the_middle_of_a_burst_loses_and_repeats_nothing(int events)
    {
        await running.EnsureRunning();
        var seen = Enumerable.Range(0, Turns).Select(_ => new EventTape(after: null)).ToList();
        List<Guid> threads;
        using (var api = running.Connect(TestContext.Current.CancellationToken))
        {
            var streams = await Task.WhenAll(seen.Select(tape => api.Stream(new { prompt = Bursts, skip_git_repo_check = true }, tape)));
            threads = [.. streams.Select(stream => stream.ThreadId)];
            await streams[0].Until(frame => frame.Seq >= events);
            var reading = Task.WhenAll(streams.Select(stream => stream.ReadUntilLost()));
            await running.Server.Kill();
            await reading;
        }

        await running.Restart();
        using var again = running.Connect(TestContext.Current.CancellationToken);
        foreach (var (thread, tape) in threads.Zip(seen))
        {
            var log = new EventTape();
            await using var stream = await again.Follow(thread, log);
            Assert.Equal("turn.failed", (await stream.UntilTurnEnds()).Type);
            log.AssertHolds(tape);
        }
    }
}
