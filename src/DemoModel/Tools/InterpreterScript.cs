using System.Text.Json;

namespace CodexOrleans.DemoModel.Tools;

/// <summary>Tool calls as JavaScript, for models whose only tool is an interpreter.</summary>
internal static class InterpreterScript
{
    // A refused call must not end the script: the model wants to hear of it, as it does from a plain tool.
    private const string Report =
        """
        for (const { status, value, reason } of results) {
          if (status === "rejected") text("failed: " + reason);
          else if (value && value.exit_code) text(value.output + "exit code " + value.exit_code);
          else if (value && value.content) for (const part of value.content) text(part.text ?? part);
          else text(value && value.output !== undefined ? value.output : value);
        }
        """;

    public static string For(IEnumerable<ToolCall> calls) =>
        $"const results = await Promise.allSettled([{string.Join(", ", calls.Select(Expression))}]);\n{Report}";

    private static string Expression(ToolCall call) => call switch
    {
        ToolCall.Shell shell => $"tools.exec_command({JsonSerializer.Serialize(new { cmd = shell.Command })})",
        ToolCall.Patch patch =>
            $"tools.apply_patch({JsonSerializer.Serialize(patch.Text)}).then(() => {JsonSerializer.Serialize(ToolSet.PatchApplied)})",
        ToolCall.Plan plan => $"tools.update_plan({Serialize(plan)})",
        ToolCall.Named named => $"tools.{named.Name}({named.Arguments})",
        _ => throw new ArgumentException($"No tool does {call}.", nameof(call)),
    };

    private static string Serialize(ToolCall.Plan plan) =>
        JsonSerializer.Serialize(new { plan = plan.Steps.Select(step => new { step = step.Step, status = step.Status }) });
}
