using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// What every body has to be: JSON in Unicode, of a bounded size, and read strictly, so that a misspelt option is an error and not a
/// turn that runs otherwise than its author thinks.
/// </summary>
public static class JsonRequests
{
    /// <summary>Names in snake_case, exact case, no unknown and no repeated members. Also for serializer contexts of one's own.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
    }

    internal static void AddJsonRequests(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(http => Apply(http.SerializerOptions));
        // Bad parameters become exceptions, of which BadRequests makes problems.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddSingleton<BodyBuffers>();
    }

    /// <summary>
    /// Reads the body of an endpoint that takes one, whole and once, and refuses what is too large, not JSON or not Unicode; no other
    /// endpoint's body is read at all. Stands behind the access checks: a stranger's body is never read where strangers may not go. A
    /// body that is not declared as JSON is what a form on another site can send without asking first.
    /// </summary>
    internal static void UseJsonRequests(this WebApplication app)
    {
        var buffers = app.Services.GetRequiredService<BodyBuffers>();
        app.Use((context, next) =>
        {
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
                return next(context);
            var limit = BodyLimit.Raise(context, buffers.Limit);
            if (context.Request.ContentLength > limit)
                return BodyLimit.Exceeded(limit).ExecuteAsync(context);
            if (!IsJson(context.Request.ContentType))
                return Problems.Of(ProblemCodes.UnsupportedMediaType).ExecuteAsync(context);
            return context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is null
                ? next(context)
                : ReadAndGoOn(context, buffers, limit, next);
        });
    }

    private static async Task ReadAndGoOn(HttpContext context, BodyBuffers buffers, long limit, RequestDelegate next)
    {
        if (await buffers.Read(context.Request, limit, context.RequestAborted) is not { } body)
        {
            await BodyBuffers.Busy().ExecuteAsync(context);
            return;
        }

        using (body)
        {
            if (JsonText.Fault(body.Json.Span) is { } fault)
            {
                await Problems.Of(ProblemCodes.InvalidJson, fault).ExecuteAsync(context);
                return;
            }

            body.Give(context);
            try
            {
                await next(context);
            }
            finally
            {
                JsonBody.Take(context);
            }
        }
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
        && (type.CharSet is null || string.Equals(type.CharSet, "utf-8", StringComparison.OrdinalIgnoreCase));
}
