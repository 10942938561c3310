using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>
/// What every body has to be: JSON, of a bounded size, and read strictly, so that a misspelt option is an error and not a turn that
/// runs otherwise than its author thinks.
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

    internal static void AddJsonRequests(this WebApplicationBuilder builder)
    {
        builder.Services.ConfigureHttpJsonOptions(http => Apply(http.SerializerOptions));
        // Bad bodies and parameters become exceptions, of which BadRequests makes problems.
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
    }

    /// <summary>
    /// Refuses bodies that are not JSON or too large before anything reads them. A body that is not declared as JSON is what a form
    /// on another site can send without asking first.
    /// </summary>
    internal static void UseJsonRequests(this WebApplication app)
    {
        var limit = app.Services.GetRequiredService<IOptions<ServerOptions>>().Value.MaxRequestBodyBytes;
        app.Use((context, next) =>
        {
            if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
                return next(context);
            if (context.Request.ContentLength > limit)
                return Problems.Of(ProblemCodes.BodyTooLarge).ExecuteAsync(context);
            return IsJson(context.Request.ContentType) ? next(context) : Problems.Of(ProblemCodes.UnsupportedMediaType).ExecuteAsync(context);
        });
    }

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase)
        && (type.CharSet is null || string.Equals(type.CharSet, "utf-8", StringComparison.OrdinalIgnoreCase));
}
