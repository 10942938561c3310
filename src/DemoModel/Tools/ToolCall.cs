namespace CodexOrleans.DemoModel.Tools;

/// <summary>What the script wants done; <see cref="ToolSet"/> says it in the words of the tools that the CLI offers.</summary>
internal abstract record ToolCall
{
    internal sealed record Shell(string Command) : ToolCall;

    internal sealed record Patch(string Text) : ToolCall;

    internal sealed record Plan(params PlanStep[] Steps) : ToolCall;

    /// <summary>A tool by its full name, such as <c>mcp__server__tool</c>, with JSON arguments.</summary>
    internal sealed record Named(string Name, string Arguments) : ToolCall;
}

internal sealed record PlanStep(string Step, string Status);
