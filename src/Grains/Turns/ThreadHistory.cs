using System.Text.Json;
using CodexOrleans.Storage;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// The conversation so far as text, read from the log: what a new CLI session is told when the old session's own record is gone.
/// </summary>
public sealed class ThreadHistory(IThreadReader reader)
{
    private const int PageBytes = 1 << 20;

    /// <summary>Longest text of earlier turns, in characters; the oldest go first.</summary>
    private const int MaxLength = 512 * 1024;

    /// <summary>The CLI takes 1,048,576 characters; what remains is for the words around the two parts.</summary>
    private const int MaxPrompt = 1_048_000;

    /// <summary>
    /// <paramref name="prompt"/> after the prompts and answers that stand before <paramref name="beforeSeq"/>; the prompt alone when
    /// there are none.
    /// </summary>
    public async Task<string> Prepend(Guid threadId, long beforeSeq, string prompt, CancellationToken cancellationToken = default)
    {
        var maxLength = Math.Min(MaxLength, MaxPrompt - prompt.Length);
        if (maxLength <= 0)
            return prompt;
        var parts = new Queue<string>();
        var length = 0;
        for (long after = 0; after < beforeSeq - 1;)
        {
            var chunks = await reader.ReadChunks(threadId, after, PageBytes, cancellationToken);
            if (chunks.Count == 0)
                break;
            foreach (var chunk in chunks.TakeWhile(chunk => chunk.FirstSeq < beforeSeq))
                Collect(chunk.Lines);
            after = chunks[^1].LastSeq;
        }

        if (parts.Count == 0)
            return prompt;
        return $"""
            The record of this conversation's earlier turns was lost; this is what they said. Continue from here.

            <earlier_turns>
            {string.Join("\n\n", parts)}
            </earlier_turns>

            {prompt}
            """;

        void Collect(byte[] lines)
        {
            foreach (var line in Split(lines))
            {
                if (Read(line) is not { } part)
                    continue;
                parts.Enqueue(part);
                length += part.Length;
                while (length > maxLength)
                    length -= parts.Dequeue().Length;
            }
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Split(byte[] lines)
    {
        for (var start = 0; start < lines.Length;)
        {
            var end = Array.IndexOf(lines, (byte)'\n', start);
            if (end < 0)
                end = lines.Length;
            yield return lines.AsMemory(start, end - start);
            start = end + 1;
        }
    }

    private static string? Read(ReadOnlyMemory<byte> line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        switch (root.GetProperty("type").GetString())
        {
            case "turn.submitted":
                return Part("User", root.GetProperty("prompt"));
            case "item.completed" when root.GetProperty("item") is var item && item.GetProperty("type").ValueEquals("agent_message"):
                return Part("Assistant", item.GetProperty("text"));
            default:
                return null;
        }
    }

    private static string Part(string speaker, JsonElement text) =>
        $"{speaker}: {text.GetString()}";
}
