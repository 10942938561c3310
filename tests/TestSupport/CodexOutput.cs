using System.Text;
using System.Text.RegularExpressions;

namespace CodexOrleans.TestSupport;

/// <summary>Makes the output of two runs of one script comparable byte by byte.</summary>
public static partial class CodexOutput
{
    /// <summary>
    /// Replaces what no two runs share: thread ids, the workspace's path, the model's port, the ids of web searches and of chunks, times,
    /// and the user's shell. All other bytes stay.
    /// </summary>
    public static byte[] Normalise(ReadOnlySpan<byte> output, string workspace)
    {
        // Latin-1 maps each byte to one character and back, so that nothing but the replacements can change.
        var text = Encoding.Latin1.GetString(output);
        text = text.Replace(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(workspace)), "/workspace", StringComparison.Ordinal);
        text = ThreadId().Replace(text, $"\"thread_id\":\"{Guid.Empty}\"");
        text = Port().Replace(text, "http://127.0.0.1:0/");
        text = WebSearchId().Replace(text, "ws_0");
        text = ChunkId().Replace(text, "Chunk ID: 0");
        text = WallTime().Replace(text, "Wall time: 0 seconds");
        text = Shell().Replace(text, "\"command\":\"/bin/bash -lc ");
        return Encoding.Latin1.GetBytes(text);
    }

    [GeneratedRegex("\"thread_id\":\"[^\"]*\"")]
    private static partial Regex ThreadId();

    [GeneratedRegex(@"http://127\.0\.0\.1:\d+/")]
    private static partial Regex Port();

    [GeneratedRegex(@"\bws_[0-9a-f]+")]
    private static partial Regex WebSearchId();

    [GeneratedRegex("Chunk ID: [0-9a-f]+")]
    private static partial Regex ChunkId();

    [GeneratedRegex("\"command\":\"[^\" ]*sh -lc ")]
    private static partial Regex Shell();

    [GeneratedRegex(@"Wall time: [0-9.]+ seconds")]
    private static partial Regex WallTime();
}
