using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodexOrleans.Codex.Events;

/// <summary>
/// Something the agent said or did. Each later event with the same id replaces the whole item. This base type stands for an unknown item
/// type.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type", IgnoreUnrecognizedTypeDiscriminators = true)]
[JsonDerivedType(typeof(AgentMessageItem), "agent_message")]
[JsonDerivedType(typeof(ReasoningItem), "reasoning")]
[JsonDerivedType(typeof(CommandExecutionItem), "command_execution")]
[JsonDerivedType(typeof(FileChangeItem), "file_change")]
[JsonDerivedType(typeof(McpToolCallItem), "mcp_tool_call")]
[JsonDerivedType(typeof(WebSearchItem), "web_search")]
[JsonDerivedType(typeof(TodoListItem), "todo_list")]
[JsonDerivedType(typeof(ErrorItem), "error")]
public record CodexItem
{
    /// <summary>Unique within its turn only: the CLI counts from <c>item_0</c> in each turn.</summary>
    /// <remarks>A web search has two members of this name; the first is the item's, the second the search's.</remarks>
    public string Id
    {
        get;
        set
        {
            if (field.Length == 0)
                field = value;
            else
                SecondId = value;
        }
    } = "";

    /// <summary>Members that are not known here.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary>The value of a second member <c>id</c>, or null.</summary>
    [JsonIgnore]
    protected string? SecondId { get; private set; }
}

/// <summary>Text for the user; the last one of a turn is its answer. Completed only, and whole: exec tells no parts of it.</summary>
public sealed record AgentMessageItem : CodexItem
{
    public string Text { get; init; } = "";
}

/// <summary>A summary of the model's reasoning, in Markdown. Completed only.</summary>
public sealed record ReasoningItem : CodexItem
{
    public string Text { get; init; } = "";
}

/// <summary>A shell command: started when it begins, completed when it ends. Left out when it fails before it can begin.</summary>
public sealed record CommandExecutionItem : CodexItem
{
    public string Command { get; init; } = "";

    /// <summary>Standard output and error as they came.</summary>
    public string AggregatedOutput { get; init; } = "";

    /// <summary>Null while it runs, and when it was cut off.</summary>
    public int? ExitCode { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c>, <c>failed</c> or <c>declined</c>.</summary>
    public string Status { get; init; } = "";
}

/// <summary>A patch: started before it is applied, completed after. One that the sandbox refuses has no event.</summary>
public sealed record FileChangeItem : CodexItem
{
    public IReadOnlyList<FileChange> Changes { get; init; } = [];

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>failed</c>.</summary>
    public string Status { get; init; } = "";
}

/// <summary>One file of a patch; its content is not told.</summary>
public sealed record FileChange
{
    public string Path { get; init; } = "";

    /// <summary><c>add</c>, <c>update</c> or <c>delete</c>.</summary>
    public string Kind { get; init; } = "";
}

/// <summary>A call of a tool of an MCP server: started, then completed.</summary>
public sealed record McpToolCallItem : CodexItem
{
    public string Server { get; init; } = "";

    public string Tool { get; init; } = "";

    public JsonElement? Arguments { get; init; }

    /// <summary>What the tool returned (<c>content</c>, <c>structured_content</c>), or null.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Why there was no result, or null.</summary>
    public JsonElement? Error { get; init; }

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>failed</c>.</summary>
    public string Status { get; init; } = "";
}

/// <summary>A web search by the model: started without a query, completed with it.</summary>
public sealed record WebSearchItem : CodexItem
{
    public string Query { get; init; } = "";

    /// <summary>What was done: a search with its queries, a page that was opened.</summary>
    public JsonElement? Action { get; init; }

    /// <summary>The provider's id of the search, or null.</summary>
    [JsonIgnore]
    public string? SearchId => SecondId;
}

/// <summary>The agent's plan: started when it is made, updated as it goes, completed at the end of the turn.</summary>
public sealed record TodoListItem : CodexItem
{
    public IReadOnlyList<TodoEntry> Items { get; init; } = [];
}

/// <summary>One step of a plan.</summary>
public sealed record TodoEntry
{
    public string Text { get; init; } = "";

    public bool Completed { get; init; }
}

/// <summary>A problem that doesn't end the turn, also a line of the CLI that was no event. Completed only, at any time.</summary>
public sealed record ErrorItem : CodexItem
{
    public string Message { get; init; } = "";
}
