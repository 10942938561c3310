using System.Security.Claims;

namespace CodexOrleans.WebFront;

/// <summary>The caller's name, for endpoints.</summary>
internal static class CallerName
{
    /// <summary>Name of the user whom the request's token or session belongs to.</summary>
    /// <exception cref="InvalidOperationException">The endpoint lets strangers in, and one called.</exception>
    public static string UserName(this HttpContext context) =>
        context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? throw new InvalidOperationException("The caller is not known: this endpoint asks for no token.");
}
