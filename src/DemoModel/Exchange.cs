using CodexOrleans.DemoModel.Scenarios;
using CodexOrleans.DemoModel.Tools;
using CodexOrleans.DemoModel.Wire;
using Microsoft.AspNetCore.Http;

namespace CodexOrleans.DemoModel;

/// <summary>One request of the CLI and the answer in the making.</summary>
internal sealed class Exchange(ResponsesRequest request, HttpContext http, DemoModelOptions options)
{
    public ResponsesRequest Request { get; } = request;

    public HttpContext Http { get; } = http;

    public DemoModelOptions Options { get; } = options;

    public ScenarioLine Line { get; } = ScenarioLine.Parse(request.Prompt);

    public CancellationToken Aborted => Http.RequestAborted;

    /// <summary>How many of the turn's tool calls have been answered: the place in the script, so that the model itself keeps no state.</summary>
    public int Step => Request.ToolOutputs.Count;

    public string LastToolOutput => Step == 0 ? "" : Request.ToolOutputs[^1];

    public Task<ResponseStream> Begin() => ResponseStream.Begin(Http, Options);

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
