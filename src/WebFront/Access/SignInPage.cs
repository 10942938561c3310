using Microsoft.AspNetCore.Http.HttpResults;

namespace CodexOrleans.WebFront.Access;

/// <summary>What a browser shows for a sign-in link: files of the page without any script.</summary>
internal static class SignInPage
{
    /// <summary>The page with the button. Its form goes back to where the page came from, which has the ticket.</summary>
    public static IResult Button(IWebHostEnvironment environment) => Show(environment, "sign-in.html");

    /// <summary>The link does not work any more. The caller sets the status.</summary>
    public static IResult LinkExpired(IWebHostEnvironment environment) => Show(environment, "sign-in-expired.html");

    private static Results<FileStreamHttpResult, NotFound> Show(IWebHostEnvironment environment, string name)
    {
        var file = environment.WebRootFileProvider.GetFileInfo(name);
        return file.Exists ? TypedResults.Stream(file.CreateReadStream(), "text/html; charset=utf-8") : TypedResults.NotFound();
    }
}
