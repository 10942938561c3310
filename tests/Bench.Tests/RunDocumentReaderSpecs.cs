using System.Text;
using CodexOrleans.Load.Http;

namespace CodexOrleans.Bench.Tests;

public sealed class RunDocumentReaderSpecs
{
    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void Events_are_counted_once_each_wherever_the_bytes_are_cut(string space)
    {
        var items = string.Join(',', Enumerable.Range(0, 12).Select(n =>
            $"{{\"type\":{space}\"item.completed\",\"item\":{{\"type\":{space}\"agent_message\",\"text\":{space}\"{n} {1_234_567_890_123 + n} \\\"text\\\":\"}}}}"));
        var document = $"{{\"thread_id\":\"t\",\"events\":[{items},{{\"type\":{space}\"turn.completed\",\"usage\":{{}}}}],\"final_response\":\"11 1234567890134 text: 5 6\"}}";
        foreach (var pieces in Recording.Cuts(Encoding.UTF8.GetBytes(document)))
        {
            var seen = new Recording();
            var reader = new RunDocumentReader(seen);

            foreach (var piece in pieces)
                reader.Append(piece, 0);

            Assert.Equal(Enumerable.Range(0, 12), seen.Numbers);
            Assert.Equal(1, seen.Completions);
        }
    }
}
