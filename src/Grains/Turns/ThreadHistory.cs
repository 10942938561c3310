using System.Text.Json;
using CodexOrleans.Codex.Events;
using CodexOrleans.Storage.Log;

namespace CodexOrleans.Grains.Turns;

/// <summary>
/// The conversation so far as text, read from the log. A new CLI session gets it when the record of the old session is lost.
/// </summary>
public sealed class ThreadHistory(IThreadReader reader)
{
    private const int PageBytes = 1 << 20;

    // The log may have lines as deep as the engine accepts from the CLI.
    private static readonly JsonDocumentOptions _anyDepth = new() { MaxDepth = EventBlock.MaxDepth };

    /// <summary>Longest text of earlier turns, in characters; the oldest are left out first.</summary>
    private const int MaxLength = 512 * 1024;

    /// <summary>The CLI takes 1,048,576 characters; the difference is for the sentences around history and prompt.</summary>
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

    /// <summary>
    /// The line's part of the conversation, or null. A malformed line is skipped, so that it cannot block the thread's next turn.
    /// </summary>
    private static string? Read(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line, _anyDepth);
            var root = json.RootElement;
            return Text(root, "type") switch
            {
                "turn.submitted" => Part("User", Text(root, "prompt")),
                "item.completed" when root.TryGetProperty("item", out var item) && Text(item, "type") == "agent_message" =>
                    Part("Assistant", Text(item, "text")),
                _ => null,
            };
        }
        // InvalidOperationException: the text has an escaped half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;

    private static string? Part(string speaker, string? text) => text is null ? null : $"{speaker}: {text}";
}
