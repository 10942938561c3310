using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Log;

public sealed class SharedCheckSpecs
{
    private readonly Clock _time = new();
    private TaskCompletionSource _outcome = new();
    private int _checks;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_who_ask_at_the_same_time_share_one_check()
    {
        var check = Open();
        var asking = Enumerable.Range(0, 50).Select(_ => check.Run(Cancellation)).ToList();
        Assert.All(asking, task => Assert.False(task.IsCompleted));

        _outcome.SetResult();

        await Task.WhenAll(asking);
        Assert.Equal(1, _checks);
    }

    [Theory]
    [InlineData(999, 1)]
    [InlineData(1000, 2)]
    public async Task What_was_well_counts_for_a_second(int milliseconds, int checks)
    {
        var check = Open();
        _outcome.SetResult();
        await check.Run(Cancellation);

        _time.Advance(milliseconds);
        await check.Run(Cancellation);

        Assert.Equal(checks, _checks);
    }

    [Fact]
    public async Task A_fault_is_told_to_all_who_waited_and_looked_for_again_by_the_next()
    {
        var check = Open();
        var asking = Enumerable.Range(0, 3).Select(_ => check.Run(Cancellation)).ToList();
        _outcome.SetException(new StorageException(StorageFault.DiskFull, "The disk is full, says the test."));
        foreach (var task in asking)
            Assert.Equal(StorageFault.DiskFull, (await Assert.ThrowsAsync<StorageException>(() => task)).Fault);

        _outcome = new TaskCompletionSource();
        _outcome.SetResult();
        await check.Run(Cancellation);

        Assert.Equal(2, _checks);
    }

    [Fact]
    public async Task One_who_gives_up_takes_it_from_nobody()
    {
        var check = Open();
        using var given = new CancellationTokenSource();
        var first = check.Run(given.Token);
        var second = check.Run(Cancellation);

        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _outcome.SetResult();

        await second;
        Assert.Equal(1, _checks);
    }

    private SharedCheck Open() => new(
        () =>
        {
            _checks++;
            return _outcome.Task;
        },
        _time);

    private sealed class Clock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => _now;

        public void Advance(int milliseconds) => _now += milliseconds;
    }
}
