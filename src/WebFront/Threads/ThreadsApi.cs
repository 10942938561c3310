using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Requests;

namespace CodexOrleans.WebFront.Threads;

/// <summary>One thread: reading it and interrupting its turn.</summary>
internal static class ThreadsApi
{
    private const int NewestTurns = 100;

    public static RouteGroupBuilder MapThreads(this IEndpointRouteBuilder routes)
    {
        var threads = routes.MapGroup("/api/codex/threads").WithTags("Threads");
        threads.MapGet("/{id}", Read)
            .WithThread()
            .WithSummary("Read a thread")
            .WithDescription($"The thread's state, options and usage, and its newest {NewestTurns} turns.")
            .Produces<ThreadResource>()
            .ProducesProblems(404, 503);
        threads.MapPost("/{id}/interrupt", Interrupt)
            .WithThread(evenUnread: true)
            .WithSummary("Interrupt the running turn")
            .WithDescription(
                "Returns at once; the turn's terminal event follows on its thread. Works from anywhere, whether or not anybody watches.")
            .Accepts<InterruptBody>(isOptional: true, "application/json")
            .Produces<InterruptedTurn>(StatusCodes.Status202Accepted)
            .ProducesProblems(400, 404, 409, 503);
        return threads;
    }

    private static async Task<IResult> Read(HttpContext context, IThreadReader log)
    {
        var thread = context.Thread().Record!;
        var turns = await log.ReadTurns(thread.Id, NewestTurns, cancellationToken: context.RequestAborted);
        return TypedResults.Json(ThreadResource.Of(thread, turns), ThreadJson.Default.ThreadResource);
    }

    private static async Task<IResult> Interrupt(HttpContext context, ThreadOwner owner, IThreadReader log)
    {
        var thread = context.Thread();
        if (BodyReader.Read(context, ThreadJson.Default.InterruptBody, out var problem, optional: true) is not { } body)
            return problem!;
        Guid? interrupted;
        try
        {
            interrupted = await owner(thread.Id).Interrupt(body.TurnId);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return Problems.Unreachable();
        }

        if (interrupted is { } turnId)
            return TypedResults.Json(
                new InterruptedTurn(turnId), ThreadJson.Default.InterruptedTurn, statusCode: StatusCodes.Status202Accepted);
        return thread.Record is null && await log.ReadThread(thread.Id, context.RequestAborted) is null
            ? Problems.ThreadNotFound()
            : Problems.Of(ProblemCodes.NoTurnRunning);
    }
}
