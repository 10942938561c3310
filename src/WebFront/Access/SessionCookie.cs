using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>The cookie in which a browser holds its session: out of reach of scripts, and never sent along by other sites.</summary>
internal sealed class SessionCookie(Sessions sessions, IOptions<AuthOptions> options)
{
    /// <summary>The open session that the request carries, or null.</summary>
    public BrowserSession? Find(HttpRequest request) =>
        request.Cookies.TryGetValue(Name(request), out var value) ? sessions.Find(value) : null;

    public void Set(HttpContext context, User user)
    {
        var attributes = Attributes(context.Request);
        attributes.MaxAge = options.Value.SessionLifetime;
        context.Response.Cookies.Append(Name(context.Request), sessions.Open(user), attributes);
    }

    /// <summary>
    /// A session of the operator's for requests that the server sends to itself, as the value of their <c>Cookie</c> header.
    /// </summary>
    public string Issue(HostString host) => $"{Name(host, isHttps: false)}={sessions.Open(User.Operator)}";

    public static void Clear(HttpContext context) => context.Response.Cookies.Delete(Name(context.Request), Attributes(context.Request));

    // Browsers share cookies between the ports of a host: the port in the name keeps two servers of one machine apart.
    private static string Name(HostString host, bool isHttps) => $"codex-session-{host.Port ?? (isHttps ? 443 : 80)}";

    private static string Name(HttpRequest request) => Name(request.Host, request.IsHttps);

    private static CookieOptions Attributes(HttpRequest request) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = "/",
        IsEssential = true,
    };
}
