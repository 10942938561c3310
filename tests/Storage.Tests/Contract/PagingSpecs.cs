namespace CodexOrleans.Storage.Tests.Contract;

public abstract class PagingSpecs<TFixture> : ThreadStoreSpecs<TFixture>
    where TFixture : ThreadStoreFixture, new()
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 5)]
    [InlineData(5, 6)]
    public async Task A_page_begins_with_the_chunk_that_holds_the_next_event(long after, long firstSeq)
    {
        var owner = await SixEvents();

        var chunks = await Store.ReadChunks(owner.ThreadId, after, 1000, Cancellation);

        Assert.Equal(firstSeq, chunks[0].FirstSeq);
        Assert.Equal(6, chunks[^1].LastSeq);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(long.MaxValue)]
    public async Task Nothing_lies_after_the_head(long after)
    {
        var owner = await SixEvents();

        Assert.Empty(await Store.ReadChunks(owner.ThreadId, after, 1000, Cancellation));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(9, 1)]
    [InlineData(10, 2)]
    [InlineData(14, 2)]
    [InlineData(15, 3)]
    [InlineData(22, 3)]
    [InlineData(23, 4)]
    [InlineData(int.MaxValue, 4)]
    public async Task A_page_holds_one_chunk_at_least_and_then_what_fits(int maxBytes, int count)
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("1234"));
        for (var i = 0; i < 2; i++)
            await Store.Commit(owner.Append("1234"));
        await Store.Commit(owner.Append("1234567"));

        Assert.Equal(count, (await Store.ReadChunks(owner.ThreadId, 0, maxBytes, Cancellation)).Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(1000)]
    public async Task Pages_of_any_size_join_to_the_whole_log(int maxBytes)
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("0"));
        var next = 1;
        for (var size = 1; size <= 12; size++)
        {
            await Store.Commit(owner.Append([.. Enumerable.Range(next, size).Select(i => $"{i}")]));
            next += size;
        }

        for (var after = 0; after < next; after += 5)
            Assert.Equal(Enumerable.Range(after, next - after).Select(i => $"{i}"), await Store.ReadLines(owner.ThreadId, maxBytes, after));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task A_long_turn_is_read_from_anywhere_while_it_runs(int maxBytes)
    {
        const int events = 150;
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("0"));
        for (var i = 1; i < events; i++)
            await Store.Commit(owner.Append($"{i}"));

        foreach (var after in (int[])[0, 1, 62, 63, 64, 65, 127, 128, 129, 149])
            Assert.Equal(Enumerable.Range(after, events - after).Select(i => $"{i}"), await Store.ReadLines(owner.ThreadId, maxBytes, after));
        Assert.Equal(events, (await Store.ReadThread(owner.ThreadId, Cancellation))!.HeadSeq);
    }

    [Fact]
    public async Task A_reader_sees_whole_commits_while_others_are_written()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("0"));
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 300; i++)
                await Store.Commit(owner.Append("a", "b", "c"));
        }, Cancellation);

        // Who awaits a commit may continue on the thread that writes, and must not keep it.
        await Task.Run(
            async () =>
            {
                while (!writing.IsCompleted)
                {
                    var head = (await Store.ReadThread(owner.ThreadId, Cancellation))!.HeadSeq;
                    var lines = await Store.ReadLines(owner.ThreadId);
                    Assert.Equal(1, head % 3);
                    Assert.Equal(1, lines.Count % 3);
                    Assert.True(lines.Count >= head);
                }
            },
            Cancellation);
        await writing;
        Assert.Equal(901, (await Store.ReadLines(owner.ThreadId)).Count);
    }

    /// <summary>Chunks of 1, 3, 1 and 1 events.</summary>
    private async Task<Owner> SixEvents()
    {
        var owner = new Owner();
        await Store.Commit(owner.StartTurn("1"));
        await Store.Commit(owner.Append("2", "3", "4"));
        await Store.Commit(owner.Append("5"));
        await Store.Commit(owner.Append("6"));
        return owner;
    }
}
