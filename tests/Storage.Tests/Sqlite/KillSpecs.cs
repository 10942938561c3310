using CodexOrleans.Storage.Sqlite;
using CodexOrleans.Storage.Tests.Child;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Storage.Tests.Sqlite;

public sealed class KillSpecs
{
    [Fact]
    public async Task After_kill_9_in_a_burst_all_that_was_acknowledged_is_there_and_nothing_is_half_there()
    {
        using var folder = new TemporaryFolder();
        var file = folder["log.db"];
        var acknowledged = new Dictionary<Guid, long>();

        // Each round opens what the last one left behind.
        for (var round = 0; round < 6; round++)
        {
            await BurstUntilKilled(file, Random.Shared.Next(1, 400), acknowledged);
            await CheckLog(file, acknowledged);
        }
    }

    private static async Task BurstUntilKilled(string file, int commits, Dictionary<Guid, long> acknowledged)
    {
        await using var child = ChildProcess.Start(nameof(Burst), file);
        Assert.Equal(Burst.Ready, await child.ReadLine());
        while (await child.ReadLine() is { } line)
        {
            // What it printed before it died counts too, but the last line may be cut.
            if (line.Split(' ') is [var thread, var seq] && thread.Length == 36 && acknowledged.GetValueOrDefault(Guid.Parse(thread)) < long.Parse(seq))
                acknowledged[Guid.Parse(thread)] = long.Parse(seq);
            if (--commits == 0)
                child.Kill();
        }
    }

    private static async Task CheckLog(string file, Dictionary<Guid, long> acknowledged)
    {
        await using var store = new SqliteThreadStore(file);
        await store.Open(TestContext.Current.CancellationToken);
        foreach (var (threadId, seq) in acknowledged)
        {
            var thread = (await store.ReadThread(threadId, TestContext.Current.CancellationToken))!;
            var turn = (await store.ReadTurn(thread.RunningTurnId!.Value, TestContext.Current.CancellationToken))!;
            Assert.True(thread.HeadSeq >= seq, $"{threadId} acknowledged {seq}, found {thread.HeadSeq}.");
            Assert.Equal((threadId, 1), (turn.ThreadId, turn.FirstSeq));
            Assert.Equal(Enumerable.Range(1, (int)thread.HeadSeq).Select(i => Burst.LineOf(i)), await store.ReadLines(threadId));
        }

        var running = await store.ReadRunningTurns(TestContext.Current.CancellationToken);
        Assert.Subset(running.Select(turn => turn.ThreadId).ToHashSet(), acknowledged.Keys.ToHashSet());
    }
}
