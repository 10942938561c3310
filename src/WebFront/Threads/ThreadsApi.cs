using System.Text.Json;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Turns;

namespace CodexOrleans.WebFront.Threads;

/// <summary>One thread: reading it and interrupting its turn.</summary>
internal static class ThreadsApi
{
    private const int NewestTurns = 100;

    public static RouteGroupBuilder MapThreads(this IEndpointRouteBuilder routes)
    {
        var threads = routes.MapGroup("/api/codex/threads").WithTags("Threads");
        threads.MapGet("/{id}", Read)
            .WithSummary("Read a thread")
            .WithDescription($"The thread's state, options and usage, and its newest {NewestTurns} turns.")
            .Produces<ThreadResource>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        threads.MapPost("/{id}/interrupt", Interrupt)
            .WithSummary("Interrupt the running turn")
            .WithDescription("Returns at once; the turn's terminal event follows on its thread. Works from anywhere, whether or not anybody watches.")
            .Accepts<InterruptBody>(isOptional: true, "application/json")
            .Produces<InterruptedTurn>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        return threads;
    }

    /// <summary>The thread id of a path; anything else than an id is a thread that does not exist.</summary>
    public static bool TryParseId(string text, out Guid id) =>
        // The framework also takes white space around an id and signs within.
        Guid.TryParseExact(text, "D", out id) && string.Equals(id.ToString(), text, StringComparison.OrdinalIgnoreCase);

    private static async Task<IResult> Read(string id, IThreadReader log, CancellationToken cancellationToken)
    {
        if (!TryParseId(id, out var threadId) || await log.ReadThread(threadId, cancellationToken) is not { } thread)
            return RelayProblems.ThreadNotFound();
        var turns = await log.ReadTurns(threadId, NewestTurns, cancellationToken: cancellationToken);
        return TypedResults.Json(ThreadResource.Of(thread, turns), RelayJson.Default.ThreadResource);
    }

    private static async Task<IResult> Interrupt(string id, HttpContext context, ThreadOwner owner, IThreadReader log)
    {
        if (!TryParseId(id, out var threadId))
            return RelayProblems.ThreadNotFound();
        if (ReadBody(context) is not { } body)
        {
            var errors = new Dictionary<string, string[]> { ["$"] = ["""The body must be absent, {} or {"turn_id": "<id>"}."""] };
            return RelayProblems.Of(errors);
        }

        Guid? interrupted;
        try
        {
            interrupted = await owner(threadId).Interrupt(body.TurnId);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return RelayProblems.Unreachable();
        }

        if (interrupted is { } turnId)
            return TypedResults.Json(new InterruptedTurn(turnId), RelayJson.Default.InterruptedTurn, statusCode: StatusCodes.Status202Accepted);
        return await log.ReadThread(threadId, context.RequestAborted) is null
            ? RelayProblems.ThreadNotFound()
            : Problems.Of(ProblemCodes.NoTurnRunning);
    }

    /// <summary>The body, an empty one when there is none, or null when it does not fit.</summary>
    private static InterruptBody? ReadBody(HttpContext context)
    {
        using var body = JsonBody.Take(context);
        if (body.Json.IsEmpty)
            return new InterruptBody();
        try
        {
            return JsonSerializer.Deserialize(body.Json.Span, RelayJson.Default.InterruptBody);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
