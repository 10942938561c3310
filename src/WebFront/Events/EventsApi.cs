using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Requests;
using CodexOrleans.WebFront.Threads;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace CodexOrleans.WebFront.Events;

/// <summary>A thread's events: followed as server-sent events, or read page by page.</summary>
internal static class EventsApi
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;
    private const string EventStream = "text/event-stream";

    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(http => http.SerializerOptions.Converters.Add(new JsonWords<EventKind>()));
        return services.AddSingleton<SseResponse>();
    }

    public static RouteGroupBuilder MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.MapGroup("/api/codex/threads/{id}/events").WithTags("Events");
        events.MapGet("", Read)
            .WithThread()
            .WithSummary("Follow or page through a thread's events")
            .WithDescription(
                $"With 'Accept: {EventStream}' all events after Last-Event-ID (or ?after=), then 'event: synced', then what comes, "
                    + $"until the client leaves. Otherwise a JSON page of ?limit= events (default {DefaultLimit}, at most {MaxLimit}) "
                        + "after ?after=.")
            .AddOpenApiOperationTransformer(Describe)
            .Produces<string>(StatusCodes.Status200OK, EventStream)
            .ProducesProblems(400, 404, 410, 503);
        return events;
    }

    /// <summary>The parameters that are read from the request by hand.</summary>
    private static async Task Describe(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        // The framework's description has one form of answer for each status.
        var page = await context.GetOrCreateSchemaAsync(typeof(EventPage), cancellationToken: cancellationToken);
        context.Document!.AddComponent(nameof(EventPage), page);
        operation.Responses!["200"].Content!["application/json"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchemaReference(nameof(EventPage), context.Document),
        };
        var number = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" };
        var limit = new OpenApiSchema
        {
            Type = JsonSchemaType.Integer,
            Format = "int32",
            Minimum = "1",
            Maximum = $"{MaxLimit}",
            Default = DefaultLimit,
        };
        Add("after", ParameterLocation.Query, number, "Number of the last event that the client has.");
        Add("limit", ParameterLocation.Query, limit, "Most events of a page.");
        Add("Last-Event-ID", ParameterLocation.Header, number, "As ?after=, which it overrides.");

        void Add(string name, ParameterLocation place, OpenApiSchema schema, string description) =>
            (operation.Parameters ??= []).Add(new OpenApiParameter { Name = name, In = place, Schema = schema, Description = description });
    }

    private static async Task Read(HttpContext context, IThreadReader log, FrontFeed feed, SseResponse sse, IOptions<FeedOptions> options)
    {
        var thread = context.Thread().Record!;
        if (!EventCursor.TryRead(context.Request, out var cursor))
            await Problems.Of(ProblemCodes.InvalidCursor).ExecuteAsync(context);
        else if (WantsStream(context.Request) && HttpMethods.IsHead(context.Request.Method))
            await sse.HeadersAlone(context);
        else if (WantsStream(context.Request))
            await Follow(context, feed, sse, thread, cursor);
        else
            await Page(context, log, options.Value, thread, cursor);
    }

    private static async Task Follow(HttpContext context, FrontFeed feed, SseResponse sse, ThreadRecord thread, long cursor)
    {
        // Nobody can have seen an event that is not in the log: such a cursor belongs to another log, and starting live would hide that.
        if (cursor > thread.HeadSeq)
        {
            await sse.CursorExpired(context, thread.HeadSeq);
            return;
        }

        await sse.Follow(context, feed, thread.Id, cursor);
    }

    private static async Task Page(HttpContext context, IThreadReader log, FeedOptions options, ThreadRecord thread, long cursor)
    {
        if (!TryReadLimit(context.Request, out var limit))
        {
            var errors = new Dictionary<string, string[]> { ["limit"] = [$"The value must be a number from 1 to {MaxLimit}."] };
            await Problems.Of(errors).ExecuteAsync(context);
            return;
        }

        if (cursor > thread.HeadSeq)
        {
            await Problems.Of(
                ProblemCodes.CursorExpired,
                $"The thread has no event {cursor}; its last one is {thread.HeadSeq}. Read from the beginning.").ExecuteAsync(context);
            return;
        }

        var chunks = await log.ReadChunks(thread.Id, cursor, options.EventPageBytes, context.RequestAborted);
        context.Response.ContentType = "application/json; charset=utf-8";
        await using (var json = EventPage.CreateWriter(context.Response.BodyWriter))
            EventPage.Write(json, chunks, cursor, thread.HeadSeq, limit, options.EventPageBytes);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static bool WantsStream(HttpRequest request)
    {
        foreach (var accepted in request.GetTypedHeaders().Accept)
        {
            if (accepted.MediaType.Equals(EventStream, StringComparison.OrdinalIgnoreCase) && accepted.Quality is not 0)
                return true;
        }

        return false;
    }

    private static bool TryReadLimit(HttpRequest request, out int limit)
    {
        limit = DefaultLimit;
        if (!request.Query.TryGetValue("limit", out var text))
            return true;
        if (!WholeNumber.TryParse(text, out var number) || number is < 1 or > MaxLimit)
            return false;
        limit = (int)number;
        return true;
    }
}
