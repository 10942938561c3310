using System.Text.Json;
using CodexOrleans.DemoModel.Tools;
using CodexOrleans.DemoModel.Wire;

namespace CodexOrleans.DemoModel.Exchanges;

/// <summary>Reading view of a request body. The CLI sends the thread's whole history each time, so this is all the model knows.</summary>
public sealed class ResponsesRequest
{
    /// <summary>Beginnings of messages with role <c>user</c> that the CLI writes itself.</summary>
    private static readonly string[] _notPrompts =
        ["<environment_context>", "<user_instructions>", "<turn_aborted>", "<skill>", "<permissions", "# AGENTS.md"];

    internal ResponsesRequest(JsonElement body)
    {
        Body = body;
        Input = body.TryGetProperty("input", out var input) && input.ValueKind == JsonValueKind.Array ? [.. input.EnumerateArray()] : [];
        Tools = ToolSet.Read(body, Input);

        var prompts = new List<string>();
        var outputs = new List<string>();
        foreach (var item in Input)
        {
            if (IsPrompt(item))
            {
                prompts.Add(Text(item, "content"));
                outputs.Clear();
            }
            else if (item.String("type")?.EndsWith("_call_output", StringComparison.Ordinal) == true)
            {
                outputs.Add(WithoutHeader(Text(item, "output")));
            }
        }

        Prompts = prompts;
        ToolOutputs = outputs;
    }

    /// <summary>The body as it came.</summary>
    public JsonElement Body { get; }

    public string Model => Body.String("model") ?? "";

    /// <summary>Reasoning effort, as the caller wrote it.</summary>
    public string? Effort => Body.TryGetProperty("reasoning", out var reasoning) ? reasoning.String("effort") : null;

    /// <summary>The CLI's thread id.</summary>
    public string? ThreadId => Body.String("prompt_cache_key");

    public IReadOnlyList<JsonElement> Input { get; }

    /// <summary>Everything users have typed in the thread, oldest first.</summary>
    public IReadOnlyList<string> Prompts { get; }

    /// <summary>The newest prompt, which the turn answers.</summary>
    public string Prompt => Prompts.Count == 0 ? "" : Prompts[^1];

    /// <summary>What this turn's tools have said so far, without the CLI's head lines.</summary>
    public IReadOnlyList<string> ToolOutputs { get; }

    /// <summary>The JSON schema the final message must follow, or null.</summary>
    public JsonElement? OutputSchema =>
        Body.TryGetProperty("text", out var text)
        && text.TryGetProperty("format", out var format)
        && format.TryGetProperty("schema", out var schema)
            ? schema
            : null;

    internal ToolSet Tools { get; }

    private static bool IsPrompt(JsonElement item)
    {
        if (item.String("role") != "user")
            return false;
        var text = Text(item, "content").TrimStart();
        return !Array.Exists(_notPrompts, start => text.StartsWith(start, StringComparison.Ordinal));
    }

    private static string Text(JsonElement item, string property)
    {
        if (!item.TryGetProperty(property, out var content))
            return "";
        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Join(
                '\n', content.EnumerateArray().Select(part => part.String("text")).Where(text => text is not null && !IsImageTag(text))),
            _ => content.GetRawText(),
        };
    }

    // The CLI puts each image of a prompt between two tags.
    private static bool IsImageTag(string text) =>
        text == "</image>" || (text.StartsWith("<image name=", StringComparison.Ordinal) && text.EndsWith('>'));

    // The CLI puts times and random ids above the output; a script that repeated them would never say the same twice.
    private static string WithoutHeader(string output)
    {
        const string marker = "Output:\n";
        var start = output.IndexOf(marker, StringComparison.Ordinal);
        return start < 0 ? output : output[(start + marker.Length)..].TrimStart('\n');
    }
}
