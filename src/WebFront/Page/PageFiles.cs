using Microsoft.AspNetCore.StaticFiles;

namespace CodexOrleans.WebFront.Page;

/// <summary>
/// The page: static files without any data in them, so they are served to anybody who passes the host and origin checks, and the
/// page itself can say that one has to sign in.
/// </summary>
internal static class PageFiles
{
    public static void UsePage(this WebApplication app)
    {
        app.UseDefaultFiles();
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = SetCaching });
    }

    private static void SetCaching(StaticFileResponseContext file)
    {
        // The build puts files whose names hold a hash of their content into assets/; all others keep their name when they change.
        var hashed = file.Context.Request.Path.StartsWithSegments("/assets");
        file.Context.Response.Headers.CacheControl = hashed ? "public, max-age=31536000, immutable" : "no-cache";
    }
}
