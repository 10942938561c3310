using System.Diagnostics;

namespace CodexOrleans.Codex;

/// <summary>Spans of the server. Nothing is made while nobody listens.</summary>
public static class Tracing
{
    public static ActivitySource Source { get; } = new("CodexOrleans");
}
