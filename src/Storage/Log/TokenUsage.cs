namespace CodexOrleans.Storage.Log;

/// <summary>Token counts as the CLI names them.</summary>
public sealed record TokenUsage
{
    public long InputTokens { get; init; }
    public long CachedInputTokens { get; init; }
    public long CacheWriteInputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long ReasoningOutputTokens { get; init; }
}
