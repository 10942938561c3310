using CodexOrleans.DemoModel.Tools;
using CodexOrleans.DemoModel.Wire;
using Microsoft.AspNetCore.Http;

namespace CodexOrleans.DemoModel.Exchanges;

/// <summary>Answers one request of a scripted turn.</summary>
internal delegate Task Scenario(Exchange exchange);

/// <summary>One request of the CLI, and what a scenario needs to answer it.</summary>
/// <param name="gates">Null refuses the scenario that waits at one.</param>
/// <param name="pace">Pause before each delta.</param>
/// <param name="time">Clock of the pauses.</param>
internal sealed class Exchange(ResponsesRequest request, HttpContext http, Gates? gates, TimeSpan pace, TimeProvider time)
{
    public ResponsesRequest Request { get; } = request;

    public HttpContext Http { get; } = http;

    public Gates? Gates { get; } = gates;

    public ScenarioLine Line { get; } = ScenarioLine.Parse(request.Prompt);

    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>
    /// The step of the script to play: the number of this turn's tool calls that are answered. The model itself so keeps no state.
    /// </summary>
    public int Step => Request.ToolOutputs.Count;

    public string LastToolOutput => Step == 0 ? "" : Request.ToolOutputs[^1];

    public Task<ResponseStream> Begin() => ResponseStream.Begin(Http, pace, time);

    /// <summary>Answers with one message and nothing else.</summary>
    public async Task Say(string text)
    {
        var response = await Begin();
        await response.Message(text);
        await response.Complete();
    }

    /// <summary>Answers with tool calls, all at once.</summary>
    public async Task Use(params ToolCall[] calls)
    {
        var response = await Begin();
        await response.Calls(Request.Tools.Translate(calls));
        await response.Complete();
    }
}
