using System.Diagnostics;

namespace CodexOrleans.Grains;

/// <summary>Spans of turns. Nothing is made while nobody listens.</summary>
internal static class Tracing
{
    public static ActivitySource Source { get; } = new("CodexOrleans");
}
