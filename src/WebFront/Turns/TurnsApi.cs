using System.Diagnostics;
using CodexOrleans.WebFront.Access;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Requests;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CodexOrleans.WebFront.Turns;

/// <summary>Starting a turn: its events as they come, or its result when it is done.</summary>
internal static class TurnsApi
{
    public const string ThreadIdHeader = "Codex-Thread-Id";
    public const string TurnIdHeader = "Codex-Turn-Id";

    public static IServiceCollection AddTurns(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(http =>
        {
            http.SerializerOptions.Converters.Add(new JsonWords<SandboxMode>());
            http.SerializerOptions.Converters.Add(new JsonWords<WebSearchMode>());
            http.SerializerOptions.Converters.Add(new JsonWords<TurnStatus>());
        });
        return services.AddSingleton<RehearsalKey>().AddSingleton<TurnStarter>().AddSingleton<RunResponse>();
    }

    public static RouteGroupBuilder MapTurns(this IEndpointRouteBuilder routes)
    {
        var turns = routes.MapGroup("/api/codex").WithTags("Turns");
        turns.MapPost("/stream", Stream)
            .WithSummary("Run a turn and stream its events")
            .WithDescription(
                "Server-sent events: each line of the Codex CLI untouched as data, its number as id. The stream ends with the turn's "
                    + "terminal event. Leaving does not cancel the turn.")
            .Accepts<TurnBody>("application/json")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .ProducesTurnProblems()
            .AddOpenApiOperationTransformer(Describe);
        turns.MapPost("/run", Run)
            .WithSummary("Run a turn and return its result")
            .WithDescription(
                "Answers when the turn has ended: 200 when it completed, otherwise an error status with the same body and a code. "
                    + "Leaving does not cancel the turn.")
            .Accepts<TurnBody>("application/json")
            .Produces<RunResult>()
            .Produces<RunResult>(StatusCodes.Status502BadGateway)
            .Produces<RunResult>(StatusCodes.Status504GatewayTimeout)
            .ProducesTurnProblems()
            .AddOpenApiOperationTransformer(Describe);
        return turns;
    }

    private static async Task Stream(HttpContext context, TurnStarter starter, RehearsalKey rehearsals, SseResponse sse)
    {
        if (await Start(context, starter, rehearsals) is not { } turn)
            return;
        using (turn.Viewer)
            await sse.Relay(context, turn.Viewer, turn.TurnId);
    }

    private static async Task Run(HttpContext context, TurnStarter starter, RehearsalKey rehearsals, RunResponse run)
    {
        if (await Start(context, starter, rehearsals) is not { } turn)
            return;
        using (turn.Viewer)
            await run.Answer(context, turn.Viewer, turn.TurnId);
    }

    /// <summary>Starts the turn that the body asks for; null when the response has been given already, or nobody waits for it.</summary>
    private static async Task<StartAttempt.Started?> Start(HttpContext context, TurnStarter starter, RehearsalKey rehearsals)
    {
        var aborted = context.RequestAborted;
        if (BodyReader.Read(context, TurnJson.Default.TurnBody, out var problem) is not { } body)
        {
            await problem!.ExecuteAsync(context);
            return null;
        }

        var rehearsal = rehearsals.Sent(context.Request);
        if (rehearsal)
            LeaveUntraced();
        try
        {
            return await Answer(context, await starter.Start(context.UserName(), body, rehearsal, aborted));
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // The caller left before the turn was accepted.
            return null;
        }
    }

    /// <summary>Names the turn in the response's headers, or says why there is none.</summary>
    private static async ValueTask<StartAttempt.Started?> Answer(HttpContext context, StartAttempt attempt)
    {
        var headers = context.Response.Headers;
        switch (attempt)
        {
            case StartAttempt.Started turn:
                headers[ThreadIdHeader] = turn.ThreadId.ToString();
                headers[TurnIdHeader] = turn.TurnId.ToString();
                return turn;
            case StartAttempt.Refused refused:
                await Problems.Of(refused.Refusal).ExecuteAsync(context);
                return null;
            default:
                // With the id the caller can find out whether there is a turn now.
                headers[ThreadIdHeader] = attempt.ThreadId.ToString();
                await Problems.Unreachable().ExecuteAsync(context);
                return null;
        }
    }

    /// <summary>The server's own request is nobody's: neither it nor what follows from it is exported.</summary>
    private static void LeaveUntraced()
    {
        if (Activity.Current is not { } request)
            return;
        request.IsAllDataRequested = false;
        request.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    /// <summary>The headers that name the turn, and the results of turns that the CLI's login has ended.</summary>
    private static Task Describe(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (operation.Responses!.TryGetValue("502", out var failed))
            operation.Responses["503"].Content!["application/json"] = failed.Content!["application/json"];
        foreach (var response in operation.Responses.Values.OfType<OpenApiResponse>())
        {
            if (response.Content is null || response.Content.Keys.All(type => type == ProblemMetadata.ContentType))
                continue;
            response.Headers ??= new Dictionary<string, IOpenApiHeader>();
            (string, string)[] headers = [(ThreadIdHeader, "The thread's id."), (TurnIdHeader, "The turn's id.")];
            foreach (var (name, description) in headers)
            {
                response.Headers[name] = new OpenApiHeader
                {
                    Description = description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
                };
            }
        }

        return Task.CompletedTask;
    }

    private static RouteHandlerBuilder ProducesTurnProblems(this RouteHandlerBuilder endpoint) => endpoint
        .ProducesProblems(400, 403, 404, 409, 503);
}
