using System.Text.Json.Serialization;

namespace CodexOrleans.Codex;

/// <summary>
/// How the CLI runs a thread's turns. A null member takes the thread's earlier value, or else the CLI's default. A value that a turn sets
/// holds for the thread's later turns too.
/// </summary>
public sealed record ThreadOptions
{
    /// <summary>Model name, passed through unchecked: the CLI and the endpoint decide.</summary>
    public string? Model { get; init; }

    /// <summary>What commands may touch; <see cref="SandboxMode.WorkspaceWrite"/> if never set.</summary>
    public SandboxMode? Sandbox { get; init; }

    /// <summary>Absolute path in which the agent works; null gives the thread its own folder, initialised as a git repository.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Run outside a git repository too.</summary>
    public bool? SkipGitRepoCheck { get; init; }

    /// <summary>Reasoning effort (minimal, low, medium, high, xhigh ...), passed through: which exist depends on the model.</summary>
    public string? ModelReasoningEffort { get; init; }

    /// <summary>Network access of sandboxed commands under <see cref="SandboxMode.WorkspaceWrite"/>.</summary>
    public bool? NetworkAccessEnabled { get; init; }

    /// <summary>The model's web search tool.</summary>
    public WebSearchMode? WebSearch { get; init; }

    /// <summary>Further absolute paths that the sandbox lets commands write to.</summary>
    public IReadOnlyList<string>? AdditionalDirectories { get; init; }

    /// <summary>These options with every unset one taken from <paramref name="earlier"/>.</summary>
    public ThreadOptions Over(ThreadOptions earlier) => new()
    {
        Model = Model ?? earlier.Model,
        Sandbox = Sandbox ?? earlier.Sandbox,
        WorkingDirectory = WorkingDirectory ?? earlier.WorkingDirectory,
        SkipGitRepoCheck = SkipGitRepoCheck ?? earlier.SkipGitRepoCheck,
        ModelReasoningEffort = ModelReasoningEffort ?? earlier.ModelReasoningEffort,
        NetworkAccessEnabled = NetworkAccessEnabled ?? earlier.NetworkAccessEnabled,
        WebSearch = WebSearch ?? earlier.WebSearch,
        AdditionalDirectories = AdditionalDirectories ?? earlier.AdditionalDirectories,
    };
}

/// <summary>What the agent's commands may touch. JSON: <c>read-only</c>, <c>workspace-write</c>, <c>danger-full-access</c>.</summary>
public enum SandboxMode
{
    [JsonStringEnumMemberName("read-only")]
    ReadOnly,

    [JsonStringEnumMemberName("workspace-write")]
    WorkspaceWrite,

    /// <summary>No sandbox at all: commands run with the server's own rights.</summary>
    [JsonStringEnumMemberName("danger-full-access")]
    DangerFullAccess,
}

/// <summary>The model's web search tool. JSON: <c>disabled</c>, <c>cached</c>, <c>live</c>.</summary>
public enum WebSearchMode
{
    [JsonStringEnumMemberName("disabled")]
    Disabled,

    /// <summary>Answers from the provider's index only.</summary>
    [JsonStringEnumMemberName("cached")]
    Cached,

    /// <summary>Fetches live pages.</summary>
    [JsonStringEnumMemberName("live")]
    Live,
}
