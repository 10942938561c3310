using System.Diagnostics;

namespace CodexOrleans.Codex.Engines;

/// <summary>Parameters of a turn.</summary>
public sealed record TurnSpec
{
    public required Guid TurnId { get; init; }

    public required string Prompt { get; init; }

    /// <summary>Completes when the turn is on disk: the CLI may start before, but gets its prompt only then.</summary>
    public Task Accepted { get; init; } = Task.CompletedTask;

    /// <summary>Effective options; <see cref="ThreadOptions.WorkingDirectory"/> is set and exists.</summary>
    public required ThreadOptions Options { get; init; }

    /// <summary>
    /// The folder, with links resolved, that must be the CLI's working directory before it gets its prompt; null skips the check.
    /// </summary>
    public string? RealWorkingDirectory { get; init; }

    public string? OutputSchema { get; init; }

    public IReadOnlyList<string> Images { get; init; } = [];

    /// <summary>Whether a process that prints the prompt runs instead of the CLI.</summary>
    public bool Rehearsal { get; init; }

    /// <summary>The turn's span, or null when nobody traces.</summary>
    public Activity? Activity { get; init; }

    /// <summary>Longest run of the turn; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}
