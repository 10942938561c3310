using CodexOrleans.Codex.Tests.Support;
using CodexOrleans.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.Codex.Tests.Exec;

public sealed class StopSpecs : IDisposable
{
    private readonly EngineFixture _fixture = new(o => o.StopGrace = TimeSpan.FromMilliseconds(300));
    private readonly EngineFixture _patient = new(o => o.StopGrace = TimeSpan.FromMinutes(5));

    public void Dispose()
    {
        _fixture.Dispose();
        _patient.Dispose();
    }

    public static TheoryData<StopReason, TurnStatus, string> Reasons => new()
    {
        { StopReason.Interrupted, TurnStatus.Interrupted, FailureCodes.Interrupted },
        { StopReason.TurnTimeout, TurnStatus.Failed, FailureCodes.TurnTimeout },
        { StopReason.HostDraining, TurnStatus.Failed, FailureCodes.HostDraining },
        { StopReason.StorageUnavailable, TurnStatus.Failed, FailureCodes.StorageUnavailable },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task The_reason_of_a_stop_becomes_the_code_of_the_failure(StopReason reason, TurnStatus status, string code)
    {
        await using var turn = _fixture.Start("started; command_started 'sleep 1000'; hang");
        await turn.ReadUntil("item.started");

        turn.Stop(reason);
        var rest = await turn.Record();
        await turn.Settled;

        Assert.Equal(2, rest.Lines.Count);
        Assert.Contains("\"status\":\"failed\"", rest.Lines[0], StringComparison.Ordinal);
        Assert.Equal((status, code), (rest.Outcome.Status, rest.Outcome.ErrorCode));
    }

    [Fact]
    public async Task The_CLI_gets_SIGINT_first_and_may_say_its_last_words()
    {
        await using var turn = _patient.Start("""trap 'message "last words"; exit 1' INT; started; while :; do sleep 0.01; done""");
        await turn.ReadUntil("turn.started");

        turn.Stop(StopReason.Interrupted);
        var rest = await turn.Record();

        Assert.Contains("last words", rest.Lines[0], StringComparison.Ordinal);
        Assert.Equal(FailureCodes.Interrupted, rest.Outcome.ErrorCode);
    }

    [Fact]
    public async Task A_turn_that_completes_in_spite_of_the_stop_is_completed()
    {
        await using var turn = _patient.Start("trap 'completed; exit 0' INT; started; while :; do sleep 0.01; done");
        await turn.ReadUntil("turn.started");

        turn.Stop(StopReason.Interrupted);

        Assert.Equal(TurnStatus.Completed, (await turn.Record()).Outcome.Status);
    }

    [Fact]
    public async Task A_CLI_that_ignores_signals_is_killed_after_the_grace()
    {
        await using var turn = _fixture.Start("trap '' INT TERM HUP; echo $$ > pid; started; while :; do sleep 0.05; done");
        await turn.ReadUntil("turn.started");

        turn.Stop(StopReason.Interrupted);
        await turn.Record();
        await turn.Settled;

        Assert.False(ProcessProbe.IsAlive(await ProcessProbe.ReadId(Path.Combine(_fixture.Folder, "pid"))));
    }

    [Fact]
    public async Task A_fenced_turn_is_killed_at_once_without_a_word()
    {
        await using var turn = _patient.Start("trap ': > interrupted' INT; started; while :; do sleep 0.01; done");
        await turn.ReadUntil("turn.started");

        turn.Stop(StopReason.Fenced);
        await turn.Settled;

        Assert.False(File.Exists(Path.Combine(_patient.Folder, "interrupted")));
    }

    [Fact]
    public async Task Only_the_first_reason_counts()
    {
        await using var turn = _fixture.Start("started; hang");
        await turn.ReadUntil("turn.started");

        turn.Stop(StopReason.HostDraining);
        turn.Stop(StopReason.Interrupted);

        Assert.Equal(FailureCodes.HostDraining, (await turn.Record()).Outcome.ErrorCode);
    }

    [Fact]
    public async Task A_stop_in_the_moment_of_the_start_ends_the_turn_too()
    {
        await using var turn = _fixture.Start("started; hang");
        turn.Stop(StopReason.Interrupted);

        var recording = await turn.Record();
        await turn.Settled;

        Assert.Equal(TurnStatus.Interrupted, recording.Outcome.Status);
    }

    [Fact]
    public async Task A_stop_after_the_terminal_event_changes_nothing()
    {
        await using var turn = _fixture.Start("started; completed");
        var recording = await turn.Record();

        turn.Stop(StopReason.Interrupted);
        await turn.Settled;

        Assert.Equal(TurnStatus.Completed, recording.Outcome.Status);
        Assert.Null(await turn.Read(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_turn_that_nobody_reads_can_be_stopped()
    {
        await using var turn = _fixture.Start("started; yes '{\"type\":\"x\"}'");

        turn.Stop(StopReason.Interrupted);

        await turn.Settled;
    }

    [Fact]
    public async Task A_turn_ends_when_its_time_is_over()
    {
        var time = new FakeTimeProvider();
        using var fixture = new EngineFixture(time: time);
        await using var turn = fixture.Start("trap 'exit 1' INT; started; while :; do sleep 0.01; done", s => s with { Timeout = TimeSpan.FromMinutes(10) });
        await turn.ReadUntil("turn.started");

        time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(FailureCodes.TurnTimeout, (await turn.Record()).Outcome.ErrorCode);
    }
}
