using System.Text.Json;
using CodexOrleans.DemoModel.Wire;

namespace CodexOrleans.DemoModel.Tools;

/// <summary>
/// The tools a request offers. Which there are, and how they are called, depends on the model: older ones get functions in
/// <c>tools</c>, newer ones a JavaScript interpreter in the first item of <c>input</c>, unknown ones have no patch tool.
/// </summary>
internal sealed class ToolSet(IReadOnlyList<ToolSet.Tool> tools)
{
    internal sealed record Tool(string? Namespace, string Name, bool Custom, string Description);

    /// <summary>What the output of an applied patch holds; a refused one says why instead.</summary>
    public const string PatchApplied = "Success.";

    private readonly Tool? _interpreter = tools.FirstOrDefault(tool => tool is { Name: "exec", Custom: true });

    public bool HasPlan => _interpreter?.Description.Contains("update_plan(", StringComparison.Ordinal) ?? Find("update_plan") is not null;

    public IEnumerable<string> Names => tools.Select(tool => tool.Namespace is null ? tool.Name : $"{tool.Namespace}.{tool.Name}");

    public static ToolSet Read(JsonElement body, IReadOnlyList<JsonElement> input)
    {
        var tools = new List<Tool>();
        Collect(body, @namespace: null, tools);
        foreach (var item in input)
        {
            if (item.String("type") == "additional_tools")
                Collect(item, @namespace: null, tools);
        }

        return new ToolSet(tools);
    }

    public IReadOnlyList<WireCall> Translate(params ToolCall[] calls) =>
        _interpreter is null
            ? [.. calls.Select(Direct)]
            : [new WireCall(Custom: true, _interpreter.Namespace, _interpreter.Name, InterpreterScript.For(calls))];

    private WireCall Direct(ToolCall call) => call switch
    {
        ToolCall.Shell shell => Shell(shell.Command),
        ToolCall.Patch patch => Patch(patch.Text),
        ToolCall.Plan plan => Function(
            "update_plan", new { plan = plan.Steps.Select(step => new { step = step.Step, status = step.Status }) }),
        ToolCall.Named named when Find(named.Name) is { } tool => new WireCall(tool.Custom, tool.Namespace, tool.Name, named.Arguments),
        ToolCall.Named named => Deferred(named),
        _ => throw new ArgumentException($"No tool does {call}.", nameof(call)),
    };

    private WireCall Shell(string command)
    {
        if (Find("exec_command") is not null)
            return Function("exec_command", new { cmd = command });
        if (Find("shell_command") is not null)
            return Function("shell_command", new { command });
        return Function("shell", new { command = new[] { "bash", "-lc", command } });
    }

    private WireCall Patch(string patch) => Find("apply_patch") switch
    {
        { Custom: true } => new WireCall(Custom: true, Namespace: null, "apply_patch", patch),
        { Custom: false } => Function("apply_patch", new { input = patch }),
        // The CLI recognises this very form and applies the patch itself.
        null => Shell($"apply_patch <<'PATCH'\n{patch}\nPATCH"),
    };

    // With a tool search in place the CLI leaves MCP tools out of the list, but takes a call that says where the tool lives.
    private static WireCall Deferred(ToolCall.Named call)
    {
        var end = call.Name.LastIndexOf("__", StringComparison.Ordinal);
        return end < 0
            ? new WireCall(Custom: false, Namespace: null, call.Name, call.Arguments)
            : new WireCall(Custom: false, call.Name[..end], call.Name[(end + 2)..], call.Arguments);
    }

    private static WireCall Function<T>(string name, T arguments) =>
        new(Custom: false, Namespace: null, name, JsonSerializer.Serialize(arguments));

    private Tool? Find(string name) =>
        tools.FirstOrDefault(tool => tool.Name == name || tool.Namespace + tool.Name == name || $"{tool.Namespace}__{tool.Name}" == name);

    private static void Collect(JsonElement holder, string? @namespace, List<Tool> tools)
    {
        if (!holder.TryGetProperty("tools", out var list) || list.ValueKind != JsonValueKind.Array)
            return;
        foreach (var tool in list.EnumerateArray())
        {
            var (type, name) = (tool.String("type"), tool.String("name"));
            if (type == "namespace")
                Collect(tool, name, tools);
            else
                tools.Add(new Tool(@namespace, name ?? type ?? "", type == "custom", tool.String("description") ?? ""));
        }
    }
}
