using CodexOrleans.DemoModel.Exchanges;
using CodexOrleans.DemoModel.Tools;
using CodexOrleans.DemoModel.Wire;
namespace CodexOrleans.DemoModel.Scenarios;

/// <summary>Scripts that use tools: one call in each response, then a message with what the last one said.</summary>
internal static class ToolScenarios
{
    /// <summary>Runs <c>CMD</c>, <c>N</c> times one after the other.</summary>
    public static Task Shell(Exchange exchange) =>
        exchange.Step < exchange.Line.Number("N", 1) ? exchange.Use(Command(exchange, "echo hello")) : Conclude(exchange);

    /// <summary>Runs the commands of <c>CMD</c>, separated by <c>;;</c>, at once.</summary>
    public static Task ParallelShells(Exchange exchange) =>
        exchange.Step == 0
            ? exchange.Use([
                .. exchange.Line.RestOfLine("CMD", "echo one;;echo two").Split(";;").Select(command => new ToolCall.Shell(command.Trim()))])
            : Conclude(exchange);

    /// <summary>Adds <c>FILE</c>.</summary>
    public static Task Patch(Exchange exchange) =>
        exchange.Step == 0
            ? exchange.Use(new ToolCall.Patch($"*** Begin Patch\n*** Add File: {File(exchange)}\n+hello\n+world\n*** End Patch"))
            : Conclude(exchange);

    /// <summary>Changes the <c>FILE</c> that <see cref="Patch"/> added, and adds another.</summary>
    public static Task PatchUpdate(Exchange exchange) =>
        exchange.Step == 0
            ? exchange.Use(new ToolCall.Patch(
                $"*** Begin Patch\n*** Update File: {File(exchange)}\n@@\n-hello\n+goodbye\n world\n"
                + "*** Add File: second.txt\n+second\n*** End Patch"))
            : Conclude(exchange);

    public static Task Plan(Exchange exchange) => exchange.Step switch
    {
        0 => exchange.Use(new ToolCall.Plan(new("First thing", "in_progress"), new("Second thing", "pending"))),
        1 => exchange.Use(new ToolCall.Plan(new("First thing", "completed"), new("Second thing", "in_progress"))),
        2 => exchange.Use(new ToolCall.Plan(new("First thing", "completed"), new("Second thing", "completed"))),
        _ => Conclude(exchange),
    };

    /// <summary>Calls <c>TOOL</c> with the JSON <c>ARGS</c>.</summary>
    public static Task Mcp(Exchange exchange) =>
        exchange.Step == 0
            ? exchange.Use(new ToolCall.Named(
                exchange.Line.Word("TOOL", "mcp__tiny__echo"), exchange.Line.RestOfLine("ARGS", """{"text":"hi"}""")))
            : Conclude(exchange);

    /// <summary>Reasoning, a commentary, a to-do list, a command, a file and a message.</summary>
    public static async Task All(Exchange exchange)
    {
        var response = await exchange.Begin();
        switch (exchange.Step)
        {
            case 0:
                await response.Reasoning("**Making a plan**\n\nOne thing to do.");
                await response.Message("I will do it.", phase: "commentary");
                await response.Calls(exchange.Request.Tools.Translate(new ToolCall.Plan(new PlanStep("Do it", "in_progress"))));
                break;
            case 1:
                await response.Calls(exchange.Request.Tools.Translate(new ToolCall.Shell("echo all")));
                break;
            case 2:
                await response.Calls(exchange.Request.Tools.Translate(
                    new ToolCall.Patch("*** Begin Patch\n*** Add File: all.txt\n+all\n*** End Patch")));
                break;
            case 3:
                await response.Calls(exchange.Request.Tools.Translate(new ToolCall.Plan(new PlanStep("Do it", "completed"))));
                break;
            default:
                await response.Message("Did it.");
                break;
        }

        await response.Complete();
    }

    /// <summary>Runs <c>CMD</c> if there is one, then waits until the gate <c>NAME</c> is opened.</summary>
    public static async Task Gate(Exchange exchange)
    {
        if (exchange.Gates is not { } gates)
        {
            await ApiError.BadRequest("This model has no gates.").Write(exchange.Http.Response);
            return;
        }

        if (exchange.Step == 0 && exchange.Line.RestOfLine("CMD", "") is not "")
        {
            await exchange.Use(Command(exchange, ""));
            return;
        }

        var response = await exchange.Begin();
        await gates.Pass(exchange.Line.Word("NAME", "gate"), exchange.Aborted);
        await response.Message("The gate is open.");
        await response.Complete();
    }

    private static ToolCall.Shell Command(Exchange exchange, string otherwise) => new(exchange.Line.RestOfLine("CMD", otherwise));

    private static string File(Exchange exchange) => exchange.Line.Word("FILE", "hello.txt");

    private static Task Conclude(Exchange exchange) => exchange.Say($"Done. The tool said:\n\n{exchange.LastToolOutput}");
}
