using System.Text.Encodings.Web;
using System.Text.Json;
using CodexOrleans.Grains;
using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Answers <c>/run</c>: the fold of the same viewer that <c>/stream</c> relays.</summary>
internal sealed partial class RunResponse(
    ViewerLoop loop,
    IThreadReader log,
    IOptions<FeedOptions> options,
    TimeProvider time,
    StreamShutdown shutdown,
    ILogger<RunResponse> logger)
{
    private static readonly JsonWriterOptions _json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>
    /// Waits for the turn's end and writes its result. If the client leaves first, the turn goes on and the waiting ends.
    /// </summary>
    public async Task Answer(HttpContext context, Viewer viewer, Guid turnId)
    {
        var fold = new TurnFold(turnId, options.Value.RunResultBytes);
        try
        {
            var end = await loop.Run(viewer, fold, turnId, context.RequestAborted);
            if (fold.TooLarge)
                await TooLarge(viewer.ThreadId).ExecuteAsync(context);
            else if (end == ViewerEnd.ServerStops)
                await Stopped().ExecuteAsync(context);
            else if (end == ViewerEnd.TurnEnded)
                await Write(context, fold, viewer.ThreadId, turnId);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left. The turn goes on; the log has its result.
        }
        catch (TimeoutException)
        {
            LogStalled(viewer.ThreadId, options.Value.WriteTimeout);
            context.Abort();
        }
    }

    private Problem TooLarge(Guid threadId) => Problems.Of(
        ProblemCodes.ResultTooLarge,
        $"The turn's events have more than {options.Value.RunResultBytes} bytes (Relay:RunResultBytes). The turn goes on: "
        + $"read its events page by page at /api/codex/threads/{threadId}/events.");

    private static Problem Stopped() => Problems.Of(
        RefusalCodes.HostDraining,
        "The server shuts down before the turn has ended. Read the thread's events to see how it ends.",
        retryAfterSeconds: 5);

    private async Task Write(HttpContext context, TurnFold fold, Guid threadId, Guid turnId)
    {
        var outcome = TurnOutcome.Of(fold.LastLine());
        var usage = await ReadUsage(turnId, context.RequestAborted);
        context.Response.StatusCode = outcome.HttpStatus;
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.StartAsync(context.RequestAborted);

        using var client = new ClientPipe(context.Response.BodyWriter, time, options.Value.WriteTimeout);
        using var onStopping = shutdown.Token.UnsafeRegister(_ => client.Hurry(TimeSpan.FromSeconds(5)), null);
        await using var json = new Utf8JsonWriter(client, _json);
        WriteSummary(json, threadId, turnId, outcome, usage, fold.FinalResponse());
        json.WriteStartArray("events");
        for (var block = 0; block < fold.Blocks.Length && !client.Closed; block++)
        {
            for (var rest = fold.Blocks[block]; rest.Length > 0 && !client.Closed;)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                json.WriteRawValue(rest.Span[..end], skipInputValidation: true);
                rest = rest[(end + 1)..];
                if (json.BytesPending < ClientPipe.FlushBytes / 2)
                    continue;
                json.Flush();
                await client.FlushIfFull();
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        await client.Flush();
    }

    private static void WriteSummary(
        Utf8JsonWriter json, Guid threadId, Guid turnId, TurnOutcome outcome, UsageResource? usage, ReadOnlyMemory<byte>? finalResponse)
    {
        json.WriteStartObject();
        json.WriteString("thread_id", threadId);
        json.WriteString("turn_id", turnId);
        json.WritePropertyName("status");
        JsonSerializer.Serialize(json, outcome.Status, TurnJson.Default.TurnStatus);
        json.WriteString("code", outcome.Code);
        json.WritePropertyName("final_response");
        if (finalResponse is { } text)
            json.WriteRawValue(text.Span, skipInputValidation: true);
        else
            json.WriteNullValue();
        json.WritePropertyName("usage");
        JsonSerializer.Serialize(json, usage, TurnJson.Default.UsageResource);
        json.WritePropertyName("error");
        JsonSerializer.Serialize(json, outcome.Error, TurnJson.Default.TurnError);
    }

    private async Task<UsageResource?> ReadUsage(Guid turnId, CancellationToken cancellationToken)
    {
        try
        {
            return UsageResource.Of((await log.ReadTurn(turnId, cancellationToken))?.Usage);
        }
        catch (StorageException e)
        {
            // The result is here and complete but for one figure, which the turn's resource still tells later.
            LogUsageUnreadable(e, turnId);
            return null;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "The caller of a run on thread {ThreadId} took nothing for {WriteTimeout} and was dropped.")]
    private partial void LogStalled(Guid threadId, TimeSpan writeTimeout);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The usage of turn {TurnId} cannot be read now.")]
    private partial void LogUsageUnreadable(Exception exception, Guid turnId);
}
