using CodexOrleans.DemoModel.Exchanges;

namespace CodexOrleans.DemoModel.Scenarios;

/// <summary>Scripts that need one response.</summary>
internal static class MessageScenarios
{
    public static Task Plain(Exchange exchange) => exchange.Say("Hello from the scripted model.");

    /// <summary>Says what the prompt has after its first line.</summary>
    public static Task Say(Exchange exchange) => exchange.Say(exchange.Line.Prompt[(exchange.Line.Prompt.IndexOf('\n') + 1)..]);

    /// <summary><c>N</c> deltas without a pause.</summary>
    public static Task Many(Exchange exchange) =>
        Deltas(exchange, Numbered(exchange.Line.Number("N", 200)), TimeSpan.Zero);

    /// <summary><c>N</c> deltas, one each <c>MS</c> milliseconds.</summary>
    public static Task Drip(Exchange exchange) =>
        Deltas(exchange, Numbered(exchange.Line.Number("N", 20)), TimeSpan.FromMilliseconds(exchange.Line.Number("MS", 500)));

    /// <summary>A message of <c>N</c> characters.</summary>
    public static Task Big(Exchange exchange) =>
        Deltas(exchange, [new string('x', exchange.Line.Number("N", 100_000))], TimeSpan.Zero);

    public static Task Json(Exchange exchange) => exchange.Say("""{"answer":"42"}""");

    public static async Task Reasoning(Exchange exchange)
    {
        var response = await exchange.Begin();
        await response.Reasoning("**Reading the question**\n\nIt is short.", "**Choosing an answer**\n\nThe short one.");
        await response.Message("The short one.");
        await response.Complete();
    }

    public static async Task WebSearch(Exchange exchange)
    {
        var response = await exchange.Begin();
        await response.WebSearch("orleans grains", "orleans streams");
        await response.Message("Found it.");
        await response.Complete();
    }

    private static async Task Deltas(Exchange exchange, IEnumerable<string> deltas, TimeSpan pace)
    {
        var response = await exchange.Begin();
        await response.Message(deltas, pace);
        await response.Complete();
    }

    private static IEnumerable<string> Numbered(int count) => Enumerable.Range(1, count).Select(number => $"word{number} ");
}
