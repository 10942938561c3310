namespace CodexOrleans.WebFront.Access;

/// <summary>The caller's name, for endpoints.</summary>
internal static class CallerName
{
    /// <summary>
    /// Name of the user whom the request's token or session belongs to; empty where an endpoint lets strangers in and one called.
    /// </summary>
    public static string UserName(this HttpContext context) => context.User.Identity?.Name ?? "";
}
