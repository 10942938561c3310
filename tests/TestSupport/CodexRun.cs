using System.Text;
using System.Text.Json;

namespace CodexOrleans.TestSupport;

/// <summary>What the CLI did.</summary>
/// <param name="Output">Standard output, byte for byte.</param>
public sealed record CodexRun(byte[] Output, int ExitCode, string Error)
{
    /// <summary>The JSON lines of the output.</summary>
    public IReadOnlyList<string> Lines => Encoding.UTF8.GetString(Output).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public IReadOnlyList<JsonElement> Events => [.. Lines.Select(line => JsonElement.Parse(line))];

    /// <summary>The CLI's id of the thread.</summary>
    public string ThreadId => Events.First(line => Type(line) == "thread.started").GetProperty("thread_id").GetString()!;

    /// <summary>The text of the last message.</summary>
    public string FinalMessage => Items("agent_message")[^1].GetProperty("text").GetString()!;

    /// <summary>Each event's <c>type</c>, for events with an item followed by the item's: <c>item.completed agent_message</c>.</summary>
    public IReadOnlyList<string> Shape =>
        [.. Events.Select(line => line.TryGetProperty("item", out var item) ? $"{Type(line)} {Type(item)}" : Type(line))];

    /// <summary>The completed items of a type.</summary>
    public IReadOnlyList<JsonElement> Items(string type) =>
        [.. Events.Where(line => Type(line) == "item.completed").Select(line => line.GetProperty("item")).Where(item => Type(item) == type)];

    private static string Type(JsonElement element) => element.GetProperty("type").GetString()!;
}
