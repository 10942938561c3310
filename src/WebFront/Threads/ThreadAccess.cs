using CodexOrleans.Storage;
using CodexOrleans.Storage.Log;
using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace CodexOrleans.WebFront.Threads;

/// <summary>
/// Turns the <c>{id}</c> of a path into a thread that the caller may see. Any other one answers like a thread that does not exist.
/// </summary>
internal static class ThreadAccess
{
    /// <summary>Lets requests through whose thread the caller may see, and gives it to them as a <see cref="RequestedThread"/>.</summary>
    /// <param name="evenUnread">
    /// Also while the log cannot be read, for what has to work then as well. Whether there is such a thread is not known in this case.
    /// </param>
    public static RouteHandlerBuilder WithThread(this RouteHandlerBuilder endpoint, bool evenUnread = false) => endpoint
        .AddEndpointFilter((invocation, next) => Enter(invocation, next, evenUnread))
        .AddOpenApiOperationTransformer(Describe);

    /// <summary>The thread of a request to an endpoint that has <see cref="WithThread"/>.</summary>
    public static RequestedThread Thread(this HttpContext context) => context.Features.GetRequiredFeature<RequestedThread>();

    private static async ValueTask<object?> Enter(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next, bool evenUnread)
    {
        var context = invocation.HttpContext;
        if (!TryParseId(context.GetRouteValue("id") as string, out var id))
            return Problems.ThreadNotFound();
        ThreadRecord? record = null;
        try
        {
            record = await context.RequestServices.GetRequiredService<IThreadReader>().ReadThread(id, context.RequestAborted);
            if (record is null)
                return Problems.ThreadNotFound();
        }
        catch (StorageException) when (evenUnread)
        {
            // The endpoint asks the thread's owner, who may do without the log.
        }

        context.Features.Set(new RequestedThread(id, record));
        return await next(invocation);
    }

    /// <summary>A thread has one address: what else the framework takes for its id, such as white space around it, is none.</summary>
    private static bool TryParseId(string? text, out Guid id) =>
        Guid.TryParseExact(text, "D", out id) && string.Equals(id.ToString(), text, StringComparison.OrdinalIgnoreCase);

    private static Task Describe(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        operation.Parameters ??= [];
        operation.Parameters.Insert(0, new OpenApiParameter
        {
            Name = "id",
            In = ParameterLocation.Path,
            Required = true,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uuid" },
            Description = "The thread's id.",
        });
        return Task.CompletedTask;
    }
}

/// <summary>The thread that a request's path names.</summary>
/// <param name="Record">As the log has it; null while the log cannot be read, for endpoints that do without it.</param>
internal sealed record RequestedThread(Guid Id, ThreadRecord? Record);
