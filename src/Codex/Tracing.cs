using System.Diagnostics;

namespace CodexOrleans.Codex;

/// <summary>The server's source of spans, which makes none without a listener.</summary>
public static class Tracing
{
    public static ActivitySource Source { get; } = new("CodexOrleans");
}
