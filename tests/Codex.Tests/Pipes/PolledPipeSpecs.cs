using System.IO.Pipes;
using CodexOrleans.Codex.Pipes;

namespace CodexOrleans.Codex.Tests.Pipes;

/// <summary>Reading a process's pipe without the runtime's help.</summary>
public sealed class PolledPipeSpecs
{
    [Fact]
    public async Task What_was_written_before_the_first_read_is_read()
    {
        using var ends = new Ends();
        ends.Writer.Write("early"u8);
        using var pipe = ends.Read();

        Assert.Equal("early", await Text(pipe, 100));
    }

    [Fact]
    public async Task A_read_of_an_empty_pipe_waits_until_something_comes()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        ends.Writer.Write("one"u8);
        Assert.Equal("one", await Text(pipe, 100));

        var second = Text(pipe, 100);
        Assert.False(second.IsCompleted);
        ends.Writer.Write("two"u8);
        Assert.Equal("two", await second);
    }

    [Fact]
    public async Task More_than_a_buffer_holds_comes_in_pieces()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        ends.Writer.Write("abcdef"u8);

        Assert.Equal("abcd", await Text(pipe, 4));
        Assert.Equal("ef", await Text(pipe, 4));
        var rest = Text(pipe, 4);
        Assert.False(rest.IsCompleted);
        ends.Writer.Write("g"u8);
        Assert.Equal("g", await rest);
    }

    [Fact]
    public async Task The_end_comes_after_everything_that_was_written()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        var first = Text(pipe, 4);
        ends.Writer.Write("abcdef"u8);
        ends.Writer.Dispose();

        Assert.Equal("abcd", await first);
        Assert.Equal("ef", await Text(pipe, 4));
        Assert.Equal("", await Text(pipe, 4));
        Assert.Equal("", await Text(pipe, 4));
    }

    [Fact]
    public async Task A_waiting_read_sees_the_end()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        var read = Text(pipe, 4);
        Assert.False(read.IsCompleted);

        ends.Writer.Dispose();
        Assert.Equal("", await read);
    }

    [Fact]
    public async Task A_cancelled_wait_loses_nothing()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        using var patience = new CancellationTokenSource();
        var read = pipe.ReadAsync(new byte[4], patience.Token).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);

        ends.Writer.Write("abcd"u8);
        Assert.Equal("abcd", await Text(pipe, 4));
    }

    [Fact]
    public async Task A_cancelled_token_does_not_hide_what_is_there()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        ends.Writer.Write("abcd"u8);
        var buffer = new byte[4];

        Assert.Equal(4, await pipe.ReadAsync(buffer, new CancellationToken(canceled: true)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pipe.ReadAsync(buffer, new CancellationToken(canceled: true)).AsTask());
    }

    [Fact]
    public async Task What_is_there_is_read_even_before_the_poller_has_seen_it()
    {
        using var ends = new Ends();
        using var pipe = ends.Read();
        var buffer = new byte[100];
        for (var i = 0; i < 2_000; i++)
        {
            ends.Writer.Write("abcd"u8);
            Assert.Equal(4, await pipe.ReadAsync(buffer, new CancellationToken(canceled: true)));
        }
    }

    [Fact]
    public async Task Many_pipes_at_once_lose_and_mix_up_nothing()
    {
        await Task.WhenAll(Enumerable.Range(1, 40).Select(async number =>
        {
            using var ends = new Ends();
            using var pipe = ends.Read();
            var expected = new byte[200_000];
            new Random(number).NextBytes(expected);
            var writing = Task.Run(() => WriteInPieces(ends.Writer, expected, new Random(number)));

            var received = new MemoryStream();
            var buffer = new byte[1_000];
            while (await pipe.ReadAsync(buffer) is > 0 and var count)
                received.Write(buffer, 0, count);
            await writing;
            Assert.Equal(expected, received.ToArray());
        }));
    }

    [Fact]
    public void Another_stream_is_left_as_it_is()
    {
        using var stream = new MemoryStream();
        Assert.Same(stream, ProcessPipe.Over(stream));
    }

    private static void WriteInPieces(AnonymousPipeServerStream writer, byte[] bytes, Random random)
    {
        for (var position = 0; position < bytes.Length;)
        {
            var count = Math.Min(random.Next(1, 3_000), bytes.Length - position);
            writer.Write(bytes, position, count);
            position += count;
        }

        writer.Dispose();
    }

    private static async Task<string> Text(Stream pipe, int length)
    {
        var buffer = new byte[length];
        var count = await pipe.ReadAsync(buffer, TestContext.Current.CancellationToken);
        return System.Text.Encoding.ASCII.GetString(buffer, 0, count);
    }

    private sealed class Ends : IDisposable
    {
        private readonly AnonymousPipeClientStream _reader;

        public Ends()
        {
            Writer = new AnonymousPipeServerStream(PipeDirection.Out);
            _reader = new AnonymousPipeClientStream(PipeDirection.In, Writer.ClientSafePipeHandle);
        }

        public AnonymousPipeServerStream Writer { get; }

        public Stream Read()
        {
            var pipe = ProcessPipe.Over(_reader);
            Assert.True(pipe is PolledPipe || !OperatingSystem.IsLinux());
            return pipe;
        }

        public void Dispose()
        {
            Writer.Dispose();
            _reader.Dispose();
        }
    }
}
