using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// How large a body may be. The server's own limit is a stranger's, so that what forgets to say anything is safe; who is known may send
/// <see cref="ServerOptions.MaxRequestBodyBytes"/>, unless the endpoint says otherwise.
/// </summary>
/// <param name="MaxRequestBodySize">Bytes.</param>
internal sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata
{
    /// <summary>Bytes of a stranger's body: the longest token passes, even if a client escapes each character as <c>\uXXXX</c>.</summary>
    public const long OfStrangers = 8 * 1024;

    /// <summary>Sets the request's limit and returns it. Comes after authentication, and before anything is read.</summary>
    public static long Raise(HttpContext context, long ofCallers)
    {
        var limit = context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>()?.MaxRequestBodySize
            ?? (context.User.Identity is { IsAuthenticated: true } ? ofCallers : OfStrangers);
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = limit;
        return limit;
    }

    public static Problem Exceeded(long limit) =>
        Problems.Of(ProblemCodes.BodyTooLarge, $"The body is larger than the {limit} bytes that are accepted here.");
}
