using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests.Contract;

public abstract class AppendSpecs<TFixture> : ThreadStoreSpecs<TFixture>
    where TFixture : ThreadStoreFixture, new()
{
    [Fact]
    public async Task Lines_come_back_byte_for_byte_in_order()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));
        await Store.Commit(owner.Append("""{"text":"ä \u2028 😀"}""", "", "garbage \u0000 \r"));

        Assert.Equal(["a", """{"text":"ä \u2028 😀"}""", "", "garbage \u0000 \r"], await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_come_back_as_they_were()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());
        byte[] bytes = [0xff, 0x00, 0xc3, 0x28, (byte)'\n'];
        await Store.Commit(Append(owner, 2, 2, bytes));

        Assert.Equal(bytes, Assert.Single(await Store.ReadChunks(owner.ThreadId, 1, 1000, Cancellation)).Lines);
    }

    [Fact]
    public async Task A_chunk_keeps_its_turn_time_and_kind()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn(at: 111));
        await Store.Commit(new ThreadCommit
        {
            ThreadId = owner.ThreadId,
            Generation = owner.Generation,
            ExpectedHead = owner.Head,
            Chunks = [owner.Chunk(["a", "b"], at: 1_764_000_000_123, kind: 255), owner.Chunk(["c"], at: 1_764_000_000_124, kind: 1)],
        });

        var chunks = await Store.ReadChunks(owner.ThreadId, 1, 1000, Cancellation);
        Assert.Equal([(2, 3, 255, 1_764_000_000_123), (4, 4, 1, 1_764_000_000_124)], chunks.Select(c => (c.FirstSeq, c.LastSeq, (int)c.Kind, c.At)));
        Assert.All(chunks, chunk => Assert.Equal(owner.TurnId, chunk.TurnId));
    }

    [Fact]
    public async Task A_line_of_16_MiB_passes()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn());
        var line = new string('x', 16 << 20);
        await Store.Commit(owner.Append(line));

        var chunk = Assert.Single(await Store.ReadChunks(owner.ThreadId, 1, 1, Cancellation));
        Assert.Equal((16 << 20) + 1, chunk.Lines.Length);
        Assert.Equal(line, chunk.Text()[0]);
    }

    [Fact]
    public async Task Commits_of_one_thread_that_are_not_awaited_keep_their_order()
    {
        var owner = new Owner();
        var commits = new List<Task<CommitResult>> { Store.Commit(owner.StartTurn("0")).AsTask() };
        for (var i = 1; i < 500; i++)
            commits.Add(Store.Commit(owner.Append($"{i}")).AsTask());

        Assert.All(await Task.WhenAll(commits), result => Assert.Equal(CommitResult.Committed, result));
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i}"), await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task Many_threads_at_once_each_get_their_own_gap_free_log()
    {
        var owners = Enumerable.Range(0, 40).Select(_ => new Owner()).ToList();
        await Task.WhenAll(owners.Select(owner => Task.Run(async () =>
        {
            await Store.Commit(owner.StartTurn("0"));
            for (var i = 1; i < 50; i++)
                Assert.Equal(CommitResult.Committed, await Store.Commit(owner.Append($"{i}")));
        }, Cancellation)));

        foreach (var owner in owners)
            Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}"), await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("first", options: """{"model":"m"}"""));
        await Store.Commit(owner.Append("second"));
        var before = await Store.ReadThread(owner.ThreadId, Cancellation);

        await Reopen();

        Assert.Equal(before, await Store.ReadThread(owner.ThreadId, Cancellation));
        Assert.Equal(["first", "second"], await Store.ReadLines(owner.ThreadId));
        Assert.Equal(CommitResult.Committed, await Store.Commit(owner.Append("third")));
    }

    [Fact]
    public async Task A_chunk_that_does_not_follow_the_head_is_refused_before_anything_is_written()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));

        await Refused(Append(owner, 3, 3, "gap\n"u8.ToArray()));
        await Refused(Append(owner, 1, 1, "overlap\n"u8.ToArray()));
        await Refused(Append(owner, 2, 1, "\n"u8.ToArray()));

        Assert.Equal(["a"], await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task A_chunk_with_another_number_of_lines_than_events_is_refused()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("a"));

        await Refused(Append(owner, 2, 2, "two\nlines\n"u8.ToArray()));
        await Refused(Append(owner, 2, 3, "one\n"u8.ToArray()));
        await Refused(Append(owner, 2, 2, "unended"u8.ToArray()));
        await Refused(Append(owner, 2, 2, []));

        Assert.Equal(["a"], await Store.ReadLines(owner.ThreadId));
    }

    [Fact]
    public async Task A_healthy_store_says_so() => await Store.CheckHealth(Cancellation);

    private static ThreadCommit Append(Owner owner, long first, long last, byte[] lines) => new()
    {
        ThreadId = owner.ThreadId,
        Generation = owner.Generation,
        ExpectedHead = 1,
        Chunks = [new LogChunk { FirstSeq = first, LastSeq = last, TurnId = owner.TurnId, At = 1, Kind = 0, Lines = lines }],
    };

    private async Task Refused(ThreadCommit commit) => await Assert.ThrowsAsync<ArgumentException>(async () => await Store.Commit(commit));
}
