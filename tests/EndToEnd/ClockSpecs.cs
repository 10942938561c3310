using System.Net;
using CodexOrleans.EndToEnd.Support;

namespace CodexOrleans.EndToEnd;

/// <summary>Somebody sets the machine's clock while the server runs.</summary>
public sealed class ClockSpecs
{
    /// <summary>Each move is from where the one before has left the clock.</summary>
    [Fact(Timeout = 300_000)]
    public async Task Turns_and_streams_go_on_wherever_the_clock_is_set()
    {
        await using var stage = await Stage.Open();
        using var clock = new MovedClock();
        foreach (var (name, value) in clock.Settings)
            stage.Settings[name] = value;
        await using var server = await stage.StartServer();
        using var api = new CodexApi(server.CreateClient(), TestContext.Current.CancellationToken);
        var first = await api.Turn(new { prompt = "SCENARIO:plain", skip_git_repo_check = true });
        Assert.Equal("turn.completed", first.End.Type);

        var offset = TimeSpan.Zero;
        foreach (var step in (TimeSpan[])[-TimeSpan.FromMinutes(10), -TimeSpan.FromHours(2), TimeSpan.FromHours(4), TimeSpan.FromDays(1)])
        {
            offset += step;
            var gate = $"clock{offset.TotalMinutes:0}";
            await using var open = await api.Stream(new { prompt = $"SCENARIO:gate NAME:{gate}", skip_git_repo_check = true });
            await stage.Model.Gates.Reached(gate);
            await using var follower = await api.Follow(open.ThreadId, new EventTape());

            await clock.Move(offset, api.Http);

            var next = await api.Turn(new { prompt = "SCENARIO:plain", thread_id = first.ThreadId }, first.Tape);
            Assert.Equal("turn.completed", next.End.Type);
            var committed = (await api.Thread(first.ThreadId)).GetProperty("updated_at").GetDateTimeOffset();
            Assert.True(IsNow(committed, offset), $"Events after a step of {step} do not have the time of day.");
            using (var ready = await api.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken))
                Assert.Equal(HttpStatusCode.OK, ready.StatusCode);

            stage.Model.Gates.Open(gate);
            Assert.Equal("turn.completed", (await open.UntilTurnEnds()).Type);
            Assert.Equal("turn.completed", (await follower.UntilTurnEnds()).Type);
        }

        var log = await api.ReadAll(first.ThreadId);
        log.AssertHolds(first.Tape);
        Assert.Equal(5, log.Events.Count(frame => frame.IsTerminal));
    }

    private static bool IsNow(DateTimeOffset time, TimeSpan offset) =>
        (time - (DateTimeOffset.UtcNow + offset)).Duration() < TimeSpan.FromMinutes(2);
}
