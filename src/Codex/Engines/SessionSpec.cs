using CodexOrleans.Codex.Accounts;

namespace CodexOrleans.Codex.Engines;

/// <summary>Parameters of a session.</summary>
public sealed record SessionSpec
{
    /// <summary>Our thread id: replaces the CLI's in <c>thread.started</c>.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>The account by which the CLI runs.</summary>
    public required CodexAccount Account { get; init; }

    /// <summary>The CLI's session to continue, or null to open a new one.</summary>
    public string? Resume { get; init; }

    /// <summary>The CLI's cumulative usage so far.</summary>
    public TokenUsage UsageBefore { get; init; } = new();
}
