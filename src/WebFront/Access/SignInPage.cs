namespace CodexOrleans.WebFront;

/// <summary>What a browser shows for a sign-in link that does not work any more.</summary>
internal static class SignInPage
{
    public static IResult LinkExpired { get; } = TypedResults.Content(
        $"""
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Sign-in link expired</title>
        <h1>This sign-in link does not work any more</h1>
        <p>A link signs one browser in, once, within {SignInTickets.Lifetime.TotalMinutes:0} minutes of the server's start.</p>
        <p>If this browser is signed in already, <a href="/">open the page</a>.
        Otherwise open the page and enter the server's token: the message that the server printed when it started says where the token is.
        Or restart the server for a new link.</p>
        </html>
        """,
        "text/html; charset=utf-8", statusCode: StatusCodes.Status410Gone);
}
