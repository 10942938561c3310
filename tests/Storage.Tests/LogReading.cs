using System.Text;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Storage.Tests;

internal static class LogReading
{
    /// <summary>All lines of a thread, page by page as a client reads them.</summary>
    public static async Task<List<string>> ReadLines(this IThreadReader reader, Guid threadId, int maxBytes = 1 << 20, long after = 0)
    {
        var lines = new List<string>();
        while (await reader.ReadChunks(threadId, after, maxBytes, TestContext.Current.CancellationToken) is { Count: > 0 } page)
        {
            foreach (var chunk in page)
            {
                var text = chunk.Text();
                Assert.Equal(chunk.LastSeq - chunk.FirstSeq + 1, text.Length);
                lines.AddRange(text.Skip((int)Math.Max(0, after + 1 - chunk.FirstSeq)));
                after = chunk.LastSeq;
            }
        }

        return lines;
    }

    public static string[] Text(this LogChunk chunk) => Encoding.UTF8.GetString(chunk.Lines)[..^1].Split('\n');
}
