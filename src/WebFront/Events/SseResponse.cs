using CodexOrleans.Storage;
using CodexOrleans.WebFront.Feed;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Events;

/// <summary>Relays a viewer to one client as server-sent events.</summary>
internal sealed partial class SseResponse(
    ViewerLoop loop,
    IOptions<FeedOptions> options,
    TimeProvider time,
    ILogger<SseResponse> logger)
{
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
            // A stream that ended here would look complete. A broken one makes the client come again with its cursor.
            LogUnreadable(threadId, e.Message);
            context.Abort();
        }
    }

    private async Task Pass(HttpContext context, ClientPipe client, Viewer viewer, Guid? untilEndOf) =>
        await loop.Run(viewer, new SseSink(client, options.Value.Heartbeat, time), untilEndOf, context.RequestAborted);

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

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "A client of thread {ThreadId} took nothing for {WriteTimeout} and was dropped.")]
    private partial void LogStalled(Guid threadId, TimeSpan writeTimeout);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The log of thread {ThreadId} cannot be read; a client of it was dropped and may reconnect. {Reason}")]
    private partial void LogUnreadable(Guid threadId, string reason);
}
