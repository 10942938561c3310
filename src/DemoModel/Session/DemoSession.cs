using CodexOrleans.DemoModel.Exchanges;
using CodexOrleans.DemoModel.Tools;
using CodexOrleans.DemoModel.Wire;
namespace CodexOrleans.DemoModel.Session;

/// <summary>
/// The demo's answer to any prompt: it thinks, keeps a to-do list, looks around in the folder, writes a small file and reports.
/// Each request plays one step; the place in the script is the number of tool outputs since the prompt.
/// </summary>
internal static class DemoSession
{
    // Both words mean the same to a POSIX shell and to PowerShell.
    private const string LookAround = "pwd; ls";

    public static Task Play(Exchange exchange)
    {
        // Without the to-do tool the script is the same with those steps left out.
        var steps = exchange.Request.Tools.HasPlan
            ? (ReadOnlySpan<Scenario>)[Think, Look, TickFirst, Write, TickRest, Report]
            : [Look, Write, Report];
        return steps[Math.Min(exchange.Step, steps.Length - 1)](exchange);
    }

    private static async Task Think(Exchange exchange)
    {
        var response = await exchange.Begin();
        await Reasoning(exchange, response);
        await response.Calls(exchange.Request.Tools.Translate(ToDo("in_progress", "pending", "pending")));
        await response.Complete();
    }

    private static async Task Look(Exchange exchange)
    {
        var response = await exchange.Begin();
        if (exchange.Step == 0)
            await Reasoning(exchange, response);
        await response.Message("I'll look at what is in the folder first.", phase: "commentary");
        await response.Calls(exchange.Request.Tools.Translate(new ToolCall.Shell(LookAround)));
        await response.Complete();
    }

    private static Task TickFirst(Exchange exchange) => exchange.Use(ToDo("completed", "in_progress", "pending"));

    private static Task Write(Exchange exchange) =>
        exchange.Use(new ToolCall.Patch(DemoNotes.Patch(exchange.Request.Prompt, Listing(exchange))));

    private static Task TickRest(Exchange exchange) =>
        exchange.Use(ToDo("completed", Written(exchange) ? "completed" : "pending", "completed"));

    private static Task Report(Exchange exchange)
    {
        var report = DemoReport.Text(exchange.Request, LookAround, Listing(exchange), Written(exchange));
        return exchange.Say(exchange.Request.OutputSchema is { } schema ? SchemaSample.Json(schema, report) : report);
    }

    private static string Listing(Exchange exchange) => exchange.Request.ToolOutputs[exchange.Request.Tools.HasPlan ? 1 : 0];

    private static bool Written(Exchange exchange) =>
        exchange.Request.ToolOutputs[exchange.Request.Tools.HasPlan ? 3 : 1].Contains(ToolSet.PatchApplied, StringComparison.Ordinal);

    private static Task Reasoning(Exchange exchange, ResponseStream response) => response.Reasoning(
        $"**Reading the request**\n\nThe prompt is {DemoReport.Quote(exchange.Request.Prompt)}. "
        + "I should see where I am before I change anything.",
        "**Deciding what to do**\n\nI list the folder, leave a note about the request in it, and then report.");

    private static ToolCall.Plan ToDo(string look, string write, string report) => new(
        new("Look at the folder", look),
        new($"Write {DemoNotes.FileName}", write),
        new("Report what was done", report));
}
