using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using CodexOrleans.Grains;
using CodexOrleans.WebFront.Requests;

namespace CodexOrleans.WebFront.Turns;

/// <summary>What a caller sends to start a turn.</summary>
internal sealed record TurnBody
{
    [Description("What Codex shall do; 1 to 1,048,576 characters, which is what the CLI takes, and not white space alone.")]
    [Required(ErrorMessage = "A prompt is required, and must not be empty.")]
    [StringLength(1_048_576, ErrorMessage = "The prompt has more than the 1048576 characters that the CLI takes.")]
    public string Prompt { get; set; } = "";

    [Description("Continues this thread; without it a new one begins.")]
    public Guid? ThreadId { get; set; }

    [Description("Model name; the CLI's own default without it.")]
    [Name]
    public string? Model { get; set; }

    [Description("What commands may touch; workspace-write unless the thread has another one.")]
    public SandboxMode? Sandbox { get; set; }

    [Description("Absolute path in which the agent works; without it the thread gets a folder of its own.")]
    [AbsolutePath]
    public string? WorkingDirectory { get; set; }

    [Description("Run outside a git repository too.")]
    public bool? SkipGitRepoCheck { get; set; }

    [Description("Reasoning effort, such as low, medium or high; which exist depends on the model.")]
    [Name]
    public string? ModelReasoningEffort { get; set; }

    [Description("Lets sandboxed commands use the network under workspace-write.")]
    public bool? NetworkAccessEnabled { get; set; }

    [Description("The model's web search.")]
    public WebSearchMode? WebSearch { get; set; }

    [Description("Further absolute paths that the sandbox lets commands write to.")]
    [MaxLength(64), AbsolutePath]
    public List<string>? AdditionalDirectories { get; set; }

    [Description("JSON Schema that the final message must follow; this turn only.")]
    [JsonObject(256 * 1024)]
    public JsonElement? OutputSchema { get; set; }

    [Description("Absolute paths of images to show the model; this turn only.")]
    [MaxLength(32), AbsolutePath]
    public List<string>? Images { get; set; }

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
            Sandbox = Sandbox,
            WorkingDirectory = WorkingDirectory,
            SkipGitRepoCheck = SkipGitRepoCheck,
            ModelReasoningEffort = ModelReasoningEffort,
            NetworkAccessEnabled = NetworkAccessEnabled,
            WebSearch = WebSearch,
            AdditionalDirectories = AdditionalDirectories,
        },
    };
}
