using System.Text;
using CodexOrleans.Load.Http;

namespace CodexOrleans.Bench.Tests;

public sealed class SseReaderSpecs
{
    [Fact]
    public void Frames_come_out_the_same_wherever_the_bytes_are_cut()
    {
        const string Stream = ": hello\n\nid: 7\nevent: turn.submitted\ndata: {\"prompt\":\"ä€😀\"}\n\nid: 8\r\ndata: {\"text\":\"ä€😀\"}\r\n\r\ndata:x\n\n";
        foreach (var pieces in Recording.Cuts(Encoding.UTF8.GetBytes(Stream)))
        {
            var seen = new Recording();
            var reader = new SseReader(seen);

            foreach (var piece in pieces)
                reader.Append(piece, 0);

            Assert.Equal(["7 own {\"prompt\":\"ä€😀\"}", "8 cli {\"text\":\"ä€😀\"}", "-1 cli x"], seen.Frames);
        }
    }
}
