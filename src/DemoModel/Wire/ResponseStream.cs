using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace CodexOrleans.DemoModel.Wire;

/// <summary>Writes one response as server-sent events, each flushed as it is written.</summary>
internal sealed class ResponseStream
{
    // The same figures in each response: a test can then tell what the CLI adds up.
    private static readonly object _usage = new
    {
        input_tokens = 1200,
        input_tokens_details = new { cached_tokens = 1000 },
        output_tokens = 80,
        output_tokens_details = new { reasoning_tokens = 20 },
        total_tokens = 1280,
    };

    private readonly HttpContext _http;
    private readonly TimeSpan _pace;
    private readonly TimeProvider _time;
    private readonly string _id = NewId("resp");
    private readonly List<object> _output = [];
    private int _sequence;

    private ResponseStream(HttpContext http, TimeSpan pace, TimeProvider time)
    {
        _http = http;
        _pace = pace;
        _time = time;
    }

    /// <param name="pace">Pause before each delta.</param>
    /// <param name="time">Clock of the pauses.</param>
    public static async Task<ResponseStream> Begin(HttpContext http, TimeSpan pace, TimeProvider time)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-cache";
        var stream = new ResponseStream(http, pace, time);
        await stream.Send("response.created", new { response = stream.Response("in_progress") });
        return stream;
    }

    /// <summary>A message that arrives word by word.</summary>
    public Task Message(string text, string? phase = null) => Message(Words(text), _pace, phase);

    public async Task Message(IEnumerable<string> deltas, TimeSpan pace, string? phase = null)
    {
        var id = await OpenMessage(phase);
        var text = new StringBuilder();
        foreach (var delta in deltas)
        {
            await Pause(pace);
            await Delta(id, delta);
            text.Append(delta);
        }

        await Send(
            "response.output_text.done",
            new { output_index = _output.Count, item_id = id, content_index = 0, text = text.ToString() });
        await Done(new
        {
            id,
            type = "message",
            role = "assistant",
            status = "completed",
            phase,
            content = new[] { new { type = "output_text", text = text.ToString(), annotations = Array.Empty<object>() } },
        });
    }

    /// <summary>The beginning of a message that never ends.</summary>
    public async Task HalfMessage(params string[] deltas)
    {
        var id = await OpenMessage(phase: null);
        foreach (var delta in deltas)
            await Delta(id, delta);
    }

    /// <summary>A reasoning item; each part is a summary with a bold title.</summary>
    public async Task Reasoning(params string[] parts)
    {
        var id = NewId("rs");
        await Added(new { id, type = "reasoning", summary = Array.Empty<object>() });
        for (var index = 0; index < parts.Length; index++)
        {
            var place = new { output_index = _output.Count, item_id = id, summary_index = index };
            await Send("response.reasoning_summary_part.added", place, ("part", new { type = "summary_text", text = "" }));
            foreach (var word in Words(parts[index]))
            {
                await Pause(_pace);
                await Send("response.reasoning_summary_text.delta", place, ("delta", word));
            }

            await Send("response.reasoning_summary_text.done", place, ("text", parts[index]));
        }

        await Done(new
        {
            id,
            type = "reasoning",
            summary = parts.Select(text => new { type = "summary_text", text }),
            encrypted_content = Convert.ToBase64String("demo"u8),
        });
    }

    public async Task Calls(IEnumerable<WireCall> calls)
    {
        foreach (var call in calls)
            await Call(call);
    }

    public async Task WebSearch(params string[] queries)
    {
        var id = NewId("ws");
        await Added(new { id, type = "web_search_call", status = "in_progress" });
        await Send("response.web_search_call.in_progress", new { output_index = _output.Count, item_id = id });
        await Pause(_pace);
        await Send("response.web_search_call.searching", new { output_index = _output.Count, item_id = id });
        var action = new { type = "search", query = queries[0], queries };
        await Done(new { id, type = "web_search_call", status = "completed", action });
    }

    public Task Complete() => Send("response.completed", new { response = Response("completed", usage: _usage) });

    public Task Fail(string code, string message) =>
        Send("response.failed", new { response = Response("failed", error: new { code, message }) });

    public Task EndIncomplete(string reason) =>
        Send("response.incomplete", new { response = Response("incomplete", usage: _usage, incomplete: new { reason }) });

    private async Task Call(WireCall call)
    {
        var id = NewId(call.Custom ? "ctc" : "fc");
        var callId = NewId("call");
        var place = new { output_index = _output.Count, item_id = id };
        await Pause(_pace);
        await Added(Item("in_progress", ""));
        if (call.Custom)
        {
            await Send("response.custom_tool_call_input.delta", place, ("delta", call.Input));
            await Send("response.custom_tool_call_input.done", place, ("input", call.Input));
        }
        else
        {
            await Send("response.function_call_arguments.delta", place, ("delta", call.Input));
            await Send("response.function_call_arguments.done", place, ("arguments", call.Input));
        }

        await Done(Item("completed", call.Input));

        object Item(string status, string input)
        {
            var (@namespace, name) = (call.Namespace, call.Name);
            return call.Custom
                ? new { id, type = "custom_tool_call", status, call_id = callId, @namespace, name, input }
                : new { id, type = "function_call", status, call_id = callId, @namespace, name, arguments = input };
        }
    }

    private async Task<string> OpenMessage(string? phase)
    {
        var id = NewId("msg");
        await Added(new { id, type = "message", role = "assistant", status = "in_progress", phase, content = Array.Empty<object>() });
        await Send("response.content_part.added", new
        {
            output_index = _output.Count,
            item_id = id,
            content_index = 0,
            part = new { type = "output_text", text = "", annotations = Array.Empty<object>() },
        });
        return id;
    }

    private Task Delta(string id, string delta) =>
        Send("response.output_text.delta", new { output_index = _output.Count, item_id = id, content_index = 0, delta });

    private Task Added(object item) => Send("response.output_item.added", new { output_index = _output.Count, item });

    private async Task Done(object item)
    {
        await Send("response.output_item.done", new { output_index = _output.Count, item });
        _output.Add(item);
    }

    private object Response(string status, object? usage = null, object? error = null, object? incomplete = null) =>
        new { id = _id, @object = "response", status, output = _output, usage, error, incomplete_details = incomplete };

    private async Task Send(string type, object fields, (string Name, object Value)? more = null)
    {
        var data = JsonSerializer.SerializeToNode(fields, WireJson.Options)!.AsObject();
        data.Insert(0, "type", type);
        data.Insert(1, "sequence_number", _sequence++);
        if (more is var (name, value))
            data[name] = JsonSerializer.SerializeToNode(value, WireJson.Options);
        // Writing text flushes it.
        await _http.Response.WriteAsync($"event: {type}\ndata: {data.ToJsonString(WireJson.Options)}\n\n", _http.RequestAborted);
    }

    private Task Pause(TimeSpan pace) =>
        pace == TimeSpan.Zero ? Task.CompletedTask : Task.Delay(pace, _time, _http.RequestAborted);

    private static string NewId(string kind) => $"{kind}_{Guid.NewGuid():N}";

    private static IEnumerable<string> Words(string text)
    {
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is not (' ' or '\n'))
                continue;
            yield return text[start..(at + 1)];
            start = at + 1;
        }

        if (start < text.Length)
            yield return text[start..];
    }
}
