using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Keeps other web sites out, before anything else looks at a request. The host check defeats DNS rebinding (a foreign name that
/// resolves to this machine), the origin checks requests that a foreign page sends here. Passing them proves nothing: whoever
/// sends no Origin at all still needs the token.
/// </summary>
internal static class RequestOrigin
{
    private static readonly string[] _loopbackNames = ["127.0.0.1", "localhost", "[::1]"];

    // Where a link in a chat, a mail or a terminal may lead to. Neither shows data nor does anything.
    private static readonly string[] _linkable = ["/", SignInApi.LinkPath];

    public static void UseRequestOriginChecks(this WebApplication app)
    {
        var auth = app.Services.GetRequiredService<IOptions<AuthOptions>>().Value;
        // Only a proxy on this machine, or one that the operator has named, is believed that the browser's side is https, and who the
        // client
        // is. Of several addresses the last one counts, which is the proxy's own word: those before it the client may have made up.
        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedFor,
            ForwardLimit = 1,
        };
        foreach (var network in auth.TrustedNetworks)
            forwarded.KnownIPNetworks.Add(network);
        app.UseForwardedHeaders(forwarded);

        var hosts = new HashSet<string>([.. _loopbackNames, .. auth.AllowedHosts], StringComparer.OrdinalIgnoreCase);
        app.Use((context, next) =>
        {
            if (!NamesThisServer(context.Request, hosts))
                return Problems.Of(ProblemCodes.HostNotAllowed).ExecuteAsync(context);
            return IsOwnOrigin(context.Request) && IsOwnSite(context.Request)
                ? next(context)
                : Problems.Of(ProblemCodes.ForbiddenOrigin).ExecuteAsync(context);
        });
    }

    private static bool NamesThisServer(HttpRequest request, HashSet<string> hosts) =>
        request.Headers.Host is [{ Length: > 0 }] && hosts.Contains(request.Host.Host);

    /// <summary>
    /// An Origin, if any, is this server's own scheme, host and port. A page without an origin says <c>null</c> and is foreign.
    /// </summary>
    private static bool IsOwnOrigin(HttpRequest request) => request.Headers.Origin switch
    {
        [] => true,
        ["null"] => IsLinkForm(request),
        [{ } origin] => string.Equals(origin, $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    /// <summary>
    /// The button behind a sign-in link. Its page sends no referrer, and a browser then does not name the origin of a form either. Another
    /// site that sends the same has to know the ticket.
    /// </summary>
    private static bool IsLinkForm(HttpRequest request) => HttpMethods.IsPost(request.Method) && request.Path == SignInApi.LinkPath;

    /// <summary>The browser's own word on who asks; no page can forge it. Programs that are not browsers do not send it.</summary>
    private static bool IsOwnSite(HttpRequest request) => request.Headers["Sec-Fetch-Site"] switch
    {
        [] or ["same-origin"] or ["none"] => true,
        _ => HttpMethods.IsGet(request.Method)
            && request.Headers["Sec-Fetch-Mode"] is ["navigate"]
            && _linkable.Contains(request.Path.Value, StringComparer.Ordinal),
    };
}
