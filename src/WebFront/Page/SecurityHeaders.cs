using CodexOrleans.WebFront.Access;
using Scalar.AspNetCore;

namespace CodexOrleans.WebFront.Page;

/// <summary>
/// Headers that keep the browser from helping an attacker. The page may load nothing but its own files and talk to nothing but this
/// server, so that even markup that slipped into a message has no way out.
/// </summary>
internal static class SecurityHeaders
{
    /// <summary>Policy of the page, and of everything else but sign-in links, the API reference and the dashboard.</summary>
    public const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>What a sign-in link shows has no script, and a form.</summary>
    private static readonly string _signInPolicy = PagePolicy
        .Replace("script-src 'self'", "script-src 'none'", StringComparison.Ordinal)
        .Replace("form-action 'none'", "form-action 'self'", StringComparison.Ordinal);

    /// <summary>The dashboard has styles inline and a font as data; its scripts are files.</summary>
    private static readonly string _dashboardPolicy = PagePolicy
        .Replace("style-src 'self'", "style-src 'self' 'unsafe-inline'", StringComparison.Ordinal)
        .Replace("font-src 'self'", "font-src 'self' data:", StringComparison.Ordinal);

    public static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        // When the response starts, because an exception clears headers that were set before it.
        context.Response.OnStarting(static state => Set((HttpContext)state), context);
        return next(context);
    });

    private static Task Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = context.Items[ScalarOptions.NonceHttpContextItemKey] is string nonce ? ReferencePolicy(nonce)
            : context.Request.Path.StartsWithSegments(AdminPages.Dashboard) ? _dashboardPolicy
            : context.Request.Path == SignInApi.LinkPath ? _signInPolicy
            : PagePolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // Answers hold prompts and results: no cache keeps them unless their endpoint says otherwise.
        if (headers.CacheControl.Count == 0)
            headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    /// <summary>
    /// The reference brings its own styles inline and one inline script, which carries the nonce; still nothing from elsewhere.
    /// </summary>
    private static string ReferencePolicy(string nonce) =>
        $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
            + "connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}
