using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CodexOrleans.WebFront.Requests;

/// <summary>
/// How long a request's address and headers may be. Kestrel's own limits are twice that: what lies beyond those it answers itself, without
/// a body, and what lies between gets a problem like everything else.
/// </summary>
internal static class RequestHead
{
    /// <summary>Bytes of the address, that is path and query.</summary>
    public const int MaxTarget = 8 * 1024;

    /// <summary>Characters of all headers, names and values.</summary>
    public const int MaxHeaders = 16 * 1024;

    public const int MaxHeaderCount = 100;

    public static void Bound(KestrelServerLimits limits)
    {
        limits.MaxRequestLineSize = 2 * MaxTarget;
        limits.MaxRequestHeadersTotalSize = 2 * MaxHeaders;
        limits.MaxRequestHeaderCount = 2 * MaxHeaderCount;
    }

    public static void UseRequestHeadLimits(this WebApplication app) => app.Use((context, next) =>
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length > MaxTarget
            ? Problems.Of(ProblemCodes.UriTooLong).ExecuteAsync(context)
        : ExceedsLimits(context.Request.Headers) ? Problems.Of(ProblemCodes.RequestHeadersTooLarge).ExecuteAsync(context)
        : next(context));

    private static bool ExceedsLimits(IHeaderDictionary headers)
    {
        var (count, length) = (0, 0);
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
            {
                count++;
                length += name.Length + (value?.Length ?? 0);
            }
        }

        return count > MaxHeaderCount || length > MaxHeaders;
    }
}
