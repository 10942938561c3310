using CodexOrleans.FakeCodex;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Client.Tests;

/// <summary>The wrapper without a server, on the fake CLI.</summary>
public sealed class ClientSpecs : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly Codex _codex = new(new CodexOptions { ExecutablePath = FakeCli.Path, StopGrace = TimeSpan.FromMilliseconds(300) });

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _codex.DisposeAsync();
        _folder.Dispose();
    }

    private CodexThread Start() => _codex.StartThread(new ThreadOptions { WorkingDirectory = _folder.Path });

    [Fact]
    public async Task A_turn_is_its_items_its_answer_and_its_tokens()
    {
        var thread = Start();

        var turn = await thread.RunAsync("started; message one; message two 1; completed", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("two", turn.FinalResponse);
        Assert.Equal(2, turn.Items.Count);
        Assert.Equal(123, turn.Usage!.InputTokens);
    }

    [Fact]
    public async Task The_threads_id_is_the_CLIs_so_that_it_can_be_resumed_elsewhere()
    {
        var thread = Start();
        var events = new List<CodexEvent>();
        await foreach (var e in thread.RunStreamedAsync("started; completed", cancellationToken: TestContext.Current.CancellationToken))
            events.Add(e);

        Assert.Equal(FakeCli.SessionId, thread.Id.ToString());
        Assert.Equal(FakeCli.SessionId, Assert.IsType<ThreadStartedEvent>(events[0]).ThreadId);
        Assert.IsType<TurnCompletedEvent>(events[^1]);
    }

    [Fact]
    public async Task A_further_turn_continues_the_session_and_counts_its_own_tokens()
    {
        var thread = Start();
        await thread.RunAsync("started; completed 100", cancellationToken: TestContext.Current.CancellationToken);

        var turn = await thread.RunAsync(
            "started; message \"$(echo $* | tr -d '\\042')\"; completed 150", cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains($"resume {FakeCli.SessionId} -", turn.FinalResponse, StringComparison.Ordinal);
        Assert.Equal(50, turn.Usage!.InputTokens);
    }

    [Fact]
    public async Task A_failed_turn_throws_with_its_code_and_what_was_done()
    {
        var error = await Assert.ThrowsAsync<CodexTurnException>(() => Start().RunAsync("started; message one; exit 4", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(FailureCodes.CodexExited, error.Code);
        Assert.Contains("exit code 4", error.Message, StringComparison.Ordinal);
        Assert.Single(error.Items);
    }

    [Fact]
    public async Task Cancelling_interrupts_the_turn()
    {
        using var cancel = new CancellationTokenSource();
        var seen = new List<CodexEvent>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var e in Start().RunStreamedAsync("started; hang", cancellationToken: cancel.Token))
            {
                seen.Add(e);
                await cancel.CancelAsync();
            }
        });

        Assert.Equal(FailureCodes.Interrupted, Assert.IsType<TurnFailedEvent>(seen[^1]).Error.Code);
    }

    [Fact]
    public async Task Leaving_the_loop_ends_the_turns_process()
    {
        await foreach (var e in Start().RunStreamedAsync("echo $$ > pid; started; hang", cancellationToken: TestContext.Current.CancellationToken))
            break;

        Assert.False(ProcessProbe.IsAlive(await ProcessProbe.ReadId(_folder["pid"])));
    }

    [Fact]
    public async Task A_thread_has_one_turn_at_a_time()
    {
        var thread = Start();
        await foreach (var e in thread.RunStreamedAsync("started; completed", cancellationToken: TestContext.Current.CancellationToken))
            await Assert.ThrowsAsync<InvalidOperationException>(() => thread.RunAsync("started; completed", cancellationToken: TestContext.Current.CancellationToken));
    }
}
