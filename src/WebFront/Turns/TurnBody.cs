using System.ComponentModel;
using System.Text.Json;
using CodexOrleans.Grains;

namespace CodexOrleans.WebFront.Turns;

/// <summary>What a caller sends to start a turn.</summary>
internal sealed record TurnBody
{
    [Description("What Codex shall do; 1 to 1,048,576 characters.")]
    public required string Prompt { get; init; }

    [Description("Continues this thread; without it a new one begins.")]
    public Guid? ThreadId { get; init; }

    [Description("Model name; the CLI's own default without it.")]
    public string? Model { get; init; }

    [Description("What commands may touch: read-only, workspace-write (default) or danger-full-access.")]
    public string? Sandbox { get; init; }

    [Description("Absolute path in which the agent works; without it the thread gets a folder of its own.")]
    public string? WorkingDirectory { get; init; }

    [Description("Run outside a git repository too.")]
    public bool? SkipGitRepoCheck { get; init; }

    [Description("Reasoning effort, such as low, medium or high; which exist depends on the model.")]
    public string? ModelReasoningEffort { get; init; }

    [Description("Lets sandboxed commands use the network under workspace-write.")]
    public bool? NetworkAccessEnabled { get; init; }

    [Description("The model's web search: disabled, cached or live.")]
    public string? WebSearch { get; init; }

    [Description("Further absolute paths that the sandbox lets commands write to; at most 64.")]
    public IReadOnlyList<string>? AdditionalDirectories { get; init; }

    [Description("JSON Schema that the final message must follow; this turn only.")]
    public JsonElement? OutputSchema { get; init; }

    [Description("Absolute paths of images to show the model; this turn only, at most 32.")]
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>The request as the thread's owner takes it.</summary>
    public TurnRequest ToRequest() => new()
    {
        Prompt = Prompt,
        NewThread = ThreadId is null,
        OutputSchema = OutputSchema?.GetRawText(),
        Images = Images,
        Options = new ThreadOptions
        {
            Model = Model,
            Sandbox = Sandbox is null ? null : TurnBodyReader.Sandboxes[Sandbox],
            WorkingDirectory = WorkingDirectory,
            SkipGitRepoCheck = SkipGitRepoCheck,
            ModelReasoningEffort = ModelReasoningEffort,
            NetworkAccessEnabled = NetworkAccessEnabled,
            WebSearch = WebSearch is null ? null : TurnBodyReader.WebSearches[WebSearch],
            AdditionalDirectories = AdditionalDirectories,
        },
    };
}
