using CodexOrleans.DemoModel.Exchanges;
using CodexOrleans.DemoModel.Wire;
namespace CodexOrleans.DemoModel.Scenarios;

/// <summary>Scripts in which a request fails.</summary>
internal static class FailureScenarios
{
    public static Scenario Status(ApiError error) => exchange => error.Write(exchange.Http.Response);

    public static Scenario Failed(string code) => async exchange =>
    {
        var response = await exchange.Begin();
        await response.Fail(code, $"Scripted failure: {code}.");
    };

    /// <summary>Runs out of output tokens in the middle of a message.</summary>
    public static async Task Incomplete(Exchange exchange)
    {
        var response = await exchange.Begin();
        await response.Message("Half a ");
        await response.EndIncomplete("max_output_tokens");
    }

    /// <summary>
    /// The stream ends in the middle of a message, each time. It ends in good order: an aborted connection may take with it what was
    /// written before, and the script would not be the same twice.
    /// </summary>
    public static async Task Cut(Exchange exchange)
    {
        var response = await exchange.Begin();
        await response.HalfMessage("Half ", "a ");
    }

    /// <summary>Accepts the request and never answers.</summary>
    public static Task Hang(Exchange exchange) => Task.Delay(Timeout.Infinite, exchange.Aborted);

    /// <summary>Half a message, then silence.</summary>
    public static async Task HangMid(Exchange exchange)
    {
        var response = await exchange.Begin();
        await response.HalfMessage("Half ", "a ");
        await Hang(exchange);
    }
}
