
namespace CodexOrleans.WebFront.Api;

/// <summary>Token counts, named as the CLI names them.</summary>
internal sealed record UsageResource(
    long InputTokens,
    long CachedInputTokens,
    long CacheWriteInputTokens,
    long OutputTokens,
    long ReasoningOutputTokens)
{
    public static UsageResource? Of(TokenUsage? usage) => usage is null
        ? null
        : new(usage.InputTokens, usage.CachedInputTokens, usage.CacheWriteInputTokens, usage.OutputTokens, usage.ReasoningOutputTokens);
}
