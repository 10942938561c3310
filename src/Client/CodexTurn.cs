using CodexOrleans.Codex.Events;

namespace CodexOrleans.Client;

/// <summary>A completed turn.</summary>
/// <param name="Items">What the agent said and did, in order of completion.</param>
/// <param name="FinalResponse">Text of the last message; empty when there was none.</param>
/// <param name="Usage">
/// The turn's own tokens, not the thread's. For the first turn after <see cref="Codex.ResumeThread"/> the CLI tells no baseline: the
/// thread's.
/// </param>
public sealed record CodexTurn(IReadOnlyList<CodexItem> Items, string FinalResponse, TokenUsage? Usage);

/// <summary>What one turn may set beside its prompt.</summary>
public sealed record TurnOptions
{
    /// <summary>JSON Schema, as JSON text, that the final message must follow.</summary>
    public string? OutputSchema { get; init; }

    /// <summary>Paths of images to show the model.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];
}

/// <summary>A turn that failed.</summary>
public sealed class CodexTurnException(string message, string? code, IReadOnlyList<CodexItem> items) : Exception(message)
{
    /// <summary>One of <see cref="FailureCodes"/>, or null when the CLI itself ended the turn as failed.</summary>
    public string? Code => code;

    /// <summary>What was completed before.</summary>
    public IReadOnlyList<CodexItem> Items => items;
}
