using CodexOrleans.Storage;
using CodexOrleans.WebFront.Feed;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Events;

/// <summary>Relays a viewer to one client as server-sent events.</summary>
internal sealed partial class SseResponse(
    IOptions<RelayOptions> options,
    TimeProvider time,
    StreamsEnd streamsEnd,
    ILogger<SseResponse> logger)
{
    private static readonly TimeSpan _shutdownPatience = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Sends the viewer's events until the client leaves, the server stops or the terminal event of <paramref name="untilEndOf"/> has
    /// been sent. The client leaving is normal and ends nothing but the response.
    /// </summary>
    public Task Relay(HttpContext context, Viewer viewer, Guid untilEndOf) =>
        Answer(context, viewer.ThreadId, client => Pass(context, client, viewer, untilEndOf));

    /// <summary>Sends a thread's events after <paramref name="cursor"/> until the client leaves or the server stops.</summary>
    public Task Follow(HttpContext context, FrontFeed feed, Guid threadId, long cursor) => Answer(context, threadId, async client =>
    {
        // An owner that is slow to answer delays the events; the client hears at once that it is connected.
        await client.Flush();
        using var viewer = await feed.Follow(threadId, cursor, context.RequestAborted);
        await Pass(context, client, viewer, untilEndOf: null);
    });

    /// <summary>What HEAD gets: a stream without its body would never end.</summary>
    public async Task HeadersAlone(HttpContext context) => (await Begin(context)).Dispose();

    /// <summary>Tells the client that its cursor lies beyond the log, and ends.</summary>
    public async Task CursorExpired(HttpContext context, long head)
    {
        using var client = await Begin(context);
        new SseWriter(client).Marker("cursor_expired"u8, head);
        await client.Flush();
    }

    /// <summary>Begins the response and runs what sends its events; tells the ways apart in which that may fail.</summary>
    private async Task Answer(HttpContext context, Guid threadId, Func<ClientPipe, Task> send)
    {
        using var client = await Begin(context);
        try
        {
            await send(client);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left. The turn goes on, and the log keeps what it has not seen.
        }
        catch (TimeoutException)
        {
            LogStalled(threadId, options.Value.WriteTimeout);
            context.Abort();
        }
        catch (StorageException e)
        {
            // Whatever was missing can't be told from nothing: the client must come again with its cursor.
            LogUnreadable(threadId, e.Message);
            context.Abort();
        }
    }

    private async Task Pass(HttpContext context, ClientPipe client, Viewer viewer, Guid? untilEndOf)
    {
        var writer = new SseWriter(client);
        var aborted = context.RequestAborted;
        var stopping = streamsEnd.Token;
        var stoppingSince = 0L;
        using var onStopping = stopping.UnsafeRegister(
            _ =>
            {
                Volatile.Write(ref stoppingSince, time.GetTimestamp());
                client.Hurry(_shutdownPatience);
                viewer.End();
            },
            null);
        await using var heartbeat = time.CreateTimer(static viewer => ((Viewer)viewer!).Wake(), viewer, options.Value.Heartbeat, Timeout.InfiniteTimeSpan);
        while (!aborted.IsCancellationRequested && !client.Closed)
        {
            var next = viewer.Next();
            if (!next.IsCompleted && client.HasUnflushed)
                await client.Flush();
            var step = await next;
            switch (step.Kind)
            {
                case ViewerStepKind.Events:
                    await writer.Write(step.Events);
                    if (step.Events.EndsTurn && step.Events.TurnId == untilEndOf)
                    {
                        await client.Flush();
                        // The client has everything. What is left of the request, and a next one that waits already, is no work for the
                        // thread that writes the log.
                        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                        return;
                    }

                    // Who is far behind reads on at the next server.
                    if (Volatile.Read(ref stoppingSince) is not 0 and var since && time.GetElapsedTime(since) > _shutdownPatience)
                        goto case ViewerStepKind.Ended;
                    break;
                case ViewerStepKind.Ended:
                    writer.Comment("the server stops, reconnect"u8);
                    await client.Flush();
                    return;
                case ViewerStepKind.Synced:
                    writer.Marker("synced"u8, step.Head);
                    break;
                case ViewerStepKind.Woken:
                    heartbeat.Change(Beat(client, writer), Timeout.InfiniteTimeSpan);
                    break;
            }
        }
    }

    private async Task<ClientPipe> Begin(HttpContext context)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        var headers = context.Response.Headers;
        headers.ContentType = "text/event-stream";
        headers.CacheControl = "no-cache, no-transform";
        headers["X-Accel-Buffering"] = "no";
        await context.Response.StartAsync(context.RequestAborted);
        var client = new ClientPipe(context.Response.BodyWriter, time, options.Value.WriteTimeout);
        new SseWriter(client).Comment("connected"u8);
        return client;
    }

    /// <summary>Writes a comment if the stream has been idle long enough; the time until that may be so again.</summary>
    private TimeSpan Beat(ClientPipe client, SseWriter writer)
    {
        var idle = time.GetElapsedTime(client.LastFlush);
        if (idle < options.Value.Heartbeat)
            return options.Value.Heartbeat - idle;
        writer.Comment("idle"u8);
        return options.Value.Heartbeat;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A client of thread {ThreadId} took nothing for {WriteTimeout} and was dropped.")]
    private partial void LogStalled(Guid threadId, TimeSpan writeTimeout);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log of thread {ThreadId} cannot be read; a client of it was dropped and may reconnect. {Reason}")]
    private partial void LogUnreadable(Guid threadId, string reason);
}
