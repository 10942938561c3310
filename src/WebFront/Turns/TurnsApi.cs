using System.Diagnostics;
using CodexOrleans.Grains;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Starting a turn: its events as they come, or its result when it is done.</summary>
internal static class TurnsApi
{
    public const string ThreadIdHeader = "Codex-Thread-Id";
    public const string TurnIdHeader = "Codex-Turn-Id";

    public static RouteGroupBuilder MapTurns(this IEndpointRouteBuilder routes)
    {
        var turns = routes.MapGroup("/api/codex").WithTags("Turns");
        turns.MapPost("/stream", Stream)
            .WithSummary("Run a turn and stream its events")
            .WithDescription("Server-sent events: each line of the Codex CLI untouched as data, its number as id. The stream ends with the turn's terminal event. Leaving does not cancel the turn.")
            .Accepts<TurnBody>("application/json")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .ProducesTurnProblems();
        turns.MapPost("/run", Run)
            .WithSummary("Run a turn and return its result")
            .WithDescription("Answers when the turn has ended: 200 when it completed, otherwise an error status with the same body and a code. Leaving does not cancel the turn.")
            .Accepts<TurnBody>("application/json")
            .Produces<RunResult>()
            .Produces<RunResult>(StatusCodes.Status502BadGateway)
            .Produces<RunResult>(StatusCodes.Status504GatewayTimeout)
            .ProducesTurnProblems();
        return turns;
    }

    private static async Task Stream(HttpContext context, FrontFeed feed, RehearsalKey rehearsals, SseResponse sse)
    {
        if (await Start(context, feed, rehearsals) is not { } turn)
            return;
        using (turn.Viewer)
            await sse.Relay(context, turn.Viewer, turn.Id);
    }

    private static async Task Run(HttpContext context, FrontFeed feed, RehearsalKey rehearsals, RunResponse run)
    {
        if (await Start(context, feed, rehearsals) is not { } turn)
            return;
        using (turn.Viewer)
            await run.Answer(context, turn.Viewer, turn.Id);
    }

    /// <summary>Starts the turn that the body asks for; null when the response has been given already, or nobody waits for it.</summary>
    private static async Task<(Viewer Viewer, Guid Id)?> Start(HttpContext context, FrontFeed feed, RehearsalKey rehearsals)
    {
        var aborted = context.RequestAborted;
        if (Read(context, out var errors) is not { } body)
        {
            await RelayProblems.Of(errors).ExecuteAsync(context);
            return null;
        }

        // Paths are judged where the turn runs: this may be another machine.
        var request = body.ToRequest() with { Admission = new TurnAdmission { User = context.UserName() } };
        if (rehearsals.Sent(context.Request))
        {
            request = request with { Rehearsal = true, NewThread = true };
            LeaveUntraced();
        }

        var threadId = body.ThreadId ?? Guid.CreateVersion7();
        StartTurnResult result;
        Viewer? viewer;
        try
        {
            (result, viewer) = await feed.StartTurn(threadId, request, aborted);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // The caller left before the turn was accepted.
            return null;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
        {
            // With the id the caller can find out whether there is a turn now.
            context.Response.Headers[ThreadIdHeader] = threadId.ToString();
            await RelayProblems.Unreachable().ExecuteAsync(context);
            return null;
        }

        if (viewer is null)
        {
            await RelayProblems.Of(result.Refusal!).ExecuteAsync(context);
            return null;
        }

        var turnId = result.Started!.TurnId;
        context.Response.Headers[ThreadIdHeader] = threadId.ToString();
        context.Response.Headers[TurnIdHeader] = turnId.ToString();
        return (viewer, turnId);
    }

    /// <summary>Gives the memory of the request's JSON back: the turn may run for hours.</summary>
    private static TurnBody? Read(HttpContext context, out Dictionary<string, string[]> errors)
    {
        using var json = JsonBody.Take(context);
        (var body, errors) = TurnBodyReader.Read(json.Json);
        return body;
    }

    /// <summary>The server's own request is nobody's: neither it nor what follows from it is exported.</summary>
    private static void LeaveUntraced()
    {
        if (Activity.Current is not { } request)
            return;
        request.IsAllDataRequested = false;
        request.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    private static RouteHandlerBuilder ProducesTurnProblems(this RouteHandlerBuilder endpoint) => endpoint
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status403Forbidden)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
}
