using System.Text;
using CodexOrleans.Load.Http;

namespace CodexOrleans.Bench.Tests;

public sealed class ResponseReaderSpecs
{
    private const string Chunked =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n8;x=y\r\n, wörld\r\n0\r\nA-Trailer: 1\r\n\r\n";

    private const string Sized = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbusy";

    [Fact]
    public void A_chunked_body_comes_out_whole_wherever_the_bytes_are_cut()
    {
        foreach (var pieces in Recording.Cuts(Encoding.UTF8.GetBytes(Chunked)))
        {
            var reader = new ResponseReader();
            var body = new Recording();

            foreach (var piece in pieces)
                Assert.Equal(piece.Length, reader.Read(piece, body, 0));

            Assert.True(reader.Done);
            Assert.Equal(200, reader.Status);
            Assert.True(reader.KeepAlive);
            Assert.Equal("hello, wörld", body.Body);
        }
    }

    [Fact]
    public void One_connection_carries_one_response_after_the_other()
    {
        var reader = new ResponseReader();
        var bytes = Encoding.UTF8.GetBytes(Chunked + Sized);
        var (first, second) = (new Recording(), new Recording());

        var read = reader.Read(bytes, first, 0);
        Assert.True(reader.Done);
        reader.Reset();
        Assert.True(reader.Untouched);
        read += reader.Read(bytes.AsSpan(read), second, 0);

        Assert.Equal(bytes.Length, read);
        Assert.Equal("busy", second.Body);
        Assert.Equal(503, reader.Status);
        Assert.False(reader.KeepAlive);
    }

    [Fact]
    public void A_body_without_a_length_ends_with_the_connection()
    {
        var reader = new ResponseReader();
        var body = new Recording();
        reader.Read("HTTP/1.1 200 OK\r\n\r\nall there is"u8, body, 0);

        Assert.False(reader.Done);
        Assert.True(reader.Close());
        Assert.Equal("all there is", body.Body);
    }

    [Fact]
    public void A_connection_that_ends_inside_a_chunk_cuts_the_response()
    {
        var reader = new ResponseReader();
        reader.Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"u8, new Recording(), 0);

        Assert.False(reader.Close());
    }

    [Fact]
    public void What_is_not_http_is_refused() =>
        Assert.Throws<FormatException>(() => new ResponseReader().Read("SSH-2.0-OpenSSH\r\n"u8, new Recording(), 0));
}
