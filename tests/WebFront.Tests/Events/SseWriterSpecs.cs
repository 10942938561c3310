using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;
using Microsoft.Extensions.Time.Testing;

namespace CodexOrleans.WebFront.Tests.Events;

public sealed class SseWriterSpecs
{
    [Fact]
    public async Task An_event_of_the_cli_is_an_id_and_its_untouched_line()
    {
        Assert.Equal(
            "id: 7\ndata: {\"type\":\"x\", \"id\":1,\"id\":2}\n\nid: 8\ndata: ü € 𝄞\n\n",
            await Written(Slice(7, EventKind.Codex, """{"type":"x", "id":1,"id":2}""", "ü € 𝄞")));
    }

    [Fact]
    public async Task An_event_of_our_own_carries_its_type_as_the_event_name()
    {
        Assert.Equal(
            "id: 1\nevent: turn.submitted\ndata: {\"type\":\"turn.submitted\"}\n\n",
            await Written(Slice(1, EventKind.Server, """{"type":"turn.submitted"}""")));
    }

    [Theory]
    [InlineData("""{"type":"a\nid: 9"}""")]
    [InlineData("""{"type":""}""")]
    [InlineData("""{"kind":"x"}""")]
    [InlineData("not json")]
    [InlineData("""{"type":"a.name.that.is.much.longer.than.any.event.name.of.ours.has.a.right.to.be"}""")]
    public async Task A_type_that_is_no_event_name_breaks_no_frame(string line)
    {
        Assert.Equal($"id: 1\ndata: {line}\n\n", await Written(Slice(1, EventKind.Server, line)));
    }

    [Fact]
    public async Task The_longest_numbers_and_names_fit()
    {
        var name = new string('n', 64);
        var line = $$"""{"type":"{{name}}"}""";
        Assert.Equal(
            $"id: {long.MaxValue}\nevent: {name}\ndata: {line}\n\n",
            await Written(Slice(long.MaxValue, EventKind.Server, line)));
    }

    [Fact]
    public async Task Comments_and_markers_have_no_id()
    {
        var pipe = new Pipe();
        using var client = new ClientPipe(pipe.Writer, TimeProvider.System, TimeSpan.FromMinutes(1));
        var writer = new SseWriter(client);
        writer.Comment("idle"u8);
        writer.Marker("synced"u8, 42);
        writer.Marker("cursor_expired"u8, long.MaxValue);
        await client.Flush();
        Assert.Equal(
            $": idle\n\nevent: synced\ndata: {{\"head\":42}}\n\nevent: cursor_expired\ndata: {{\"head\":{long.MaxValue}}}\n\n",
            await Drain(pipe));
    }

    [Theory]
    [InlineData(10, 20_000)]
    [InlineData(1_000, 500)]
    [InlineData(65_000, 30)]
    [InlineData(65_536, 5)]
    [InlineData(3_000_001, 3)]
    [InlineData(16_777_216, 1)]
    public async Task Large_batches_and_lines_go_out_whole_and_buffer_little(int lineLength, int count)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        using var client = new ClientPipe(pipe.Writer, TimeProvider.System, TimeSpan.FromMinutes(1));
        var lines = Enumerable.Range(0, count).Select(i => $"{i}".PadRight(lineLength, 'x')).ToArray();
        var writing = Task.Run(
            async () =>
            {
                await new SseWriter(client).Write(Slice(1, EventKind.Codex, lines));
                await client.Flush();
                await pipe.Writer.CompleteAsync();
            },
            TestContext.Current.CancellationToken);

        var received = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken);
            Assert.InRange(read.Buffer.Length, 0, 2 * ClientPipe.FlushBytes);
            foreach (var segment in read.Buffer)
                received.Write(segment.Span);
            pipe.Reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }

        await writing;
        var expected = string.Concat(lines.Select((line, i) => $"id: {i + 1}\ndata: {line}\n\n"));
        Assert.True(Encoding.UTF8.GetBytes(expected).AsSpan().SequenceEqual(received.WrittenSpan));
    }

    [Fact]
    public async Task A_client_that_takes_nothing_runs_out_of_time_and_one_that_does_not_has_all_of_it_again()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        using var client = new ClientPipe(pipe.Writer, time, TimeSpan.FromSeconds(30));
        var writer = new SseWriter(client);
        for (var i = 0; i < 5; i++)
        {
            writer.Comment("x"u8);
            var flush = client.Flush().AsTask();
            time.Advance(TimeSpan.FromSeconds(29));
            Assert.False(flush.IsCompleted);
            await Drain(pipe);
            await flush;
        }

        // A stream with nothing to send takes nobody's time.
        time.Advance(TimeSpan.FromSeconds(31));
        writer.Comment("x"u8);
        var taken = client.Flush().AsTask();
        Assert.False(taken.IsCompleted);
        await Drain(pipe);
        await taken;

        writer.Comment("x"u8);
        var stalled = client.Flush().AsTask();
        time.Advance(TimeSpan.FromSeconds(31));
        var dropped = await Assert.ThrowsAsync<TimeoutException>(() => stalled.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.StartsWith("The client took nothing", dropped.Message);
    }

    private static EventSlice Slice(long firstSeq, EventKind kind, params string[] lines) => new()
    {
        FirstSeq = firstSeq,
        LastSeq = firstSeq + lines.Length - 1,
        TurnId = Guid.Empty,
        At = 0,
        Kind = kind,
        Lines = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))),
        EndsTurn = false,
    };

    private static async Task<string> Written(EventSlice events)
    {
        var pipe = new Pipe();
        using var client = new ClientPipe(pipe.Writer, TimeProvider.System, TimeSpan.FromMinutes(1));
        await new SseWriter(client).Write(events);
        await client.Flush();
        return await Drain(pipe);
    }

    private static async Task<string> Drain(Pipe pipe)
    {
        var read = await pipe.Reader.ReadAsync(TestContext.Current.CancellationToken);
        var text = Encoding.UTF8.GetString(read.Buffer);
        pipe.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }
}
