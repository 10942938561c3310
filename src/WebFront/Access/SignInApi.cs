using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Requests;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace CodexOrleans.WebFront.Access;

/// <summary>Body of <c>POST /api/codex/sign-in</c>.</summary>
internal sealed record SignInBody
{
    [Description("The server's token, or that of a user.")]
    [Required(AllowEmptyStrings = true, ErrorMessage = "A token is required.")]
    public string Token { get; set; } = "";
}

/// <summary>How a browser gets and loses its session.</summary>
internal static class SignInApi
{
    /// <summary>Where one-time links lead to.</summary>
    public const string LinkPath = "/sign-in";

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(LinkPath, [HttpMethods.Get, HttpMethods.Head], ShowLink).AllowAnonymous().ExcludeFromDescription();
        routes.MapPost(LinkPath, RedeemLink).AllowAnonymous().ExcludeFromDescription();
        var api = routes.MapGroup("/api/codex").WithTags("Access").AllowAnonymous();
        api.MapPost("/sign-in", SignIn)
            .WithMetadata(new BodyLimit(BodyLimit.OfStrangers))
            .Accepts<SignInBody>("application/json")
            .WithName("SignIn").WithSummary("Exchange the token for a session cookie")
            .AddOpenApiOperationTransformer(Describe)
            .Produces(StatusCodes.Status204NoContent).ProducesProblems(401, 429);
        api.MapPost("/sign-out", SignOut)
            .WithName("SignOut").WithSummary("End this browser's session")
            .WithDescription(
                "The session ends here at once and at the other nodes of a cluster within seconds, and its open streams with it. "
                + "On 503 it has not ended.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblems(503);
    }

    /// <summary>
    /// What the one-time link shows. Whoever previews or scans it may get it any number of times: what signs in is the button on the page.
    /// </summary>
    private static IResult ShowLink(
        string? ticket,
        HttpContext context,
        SignInTickets tickets,
        SessionCookie cookie,
        IOptions<AuthOptions> auth,
        IWebHostEnvironment environment)
    {
        if (IsSignedIn(context, cookie, auth))
            return OpenPage(context);
        return ticket is not null && tickets.IsOpen(ticket) ? SignInPage.Button(environment) : Expired(context, environment);
    }

    private static IResult RedeemLink(
        string? ticket,
        HttpContext context,
        SignInTickets tickets,
        SessionCookie cookie,
        IOptions<AuthOptions> auth,
        IWebHostEnvironment environment)
    {
        if (!IsSignedIn(context, cookie, auth))
        {
            if (ticket is null || !tickets.Redeem(ticket))
                return Expired(context, environment);
            cookie.Set(context, User.Operator);
        }

        return OpenPage(context);
    }

    private static bool IsSignedIn(HttpContext context, SessionCookie cookie, IOptions<AuthOptions> auth) =>
        auth.Value.Mode == AuthMode.None || cookie.Find(context.Request) is not null;

    private static StatusCodeHttpResult OpenPage(HttpContext context)
    {
        context.Response.Headers.Location = "/";
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static IResult Expired(HttpContext context, IWebHostEnvironment environment)
    {
        context.Response.StatusCode = StatusCodes.Status410Gone;
        return SignInPage.LinkExpired(environment);
    }

    private static IResult SignIn(
        HttpContext context, UserTokens tokens, SessionCookie cookie, TokenThrottle throttle, IOptions<AuthOptions> auth)
    {
        if (BodyReader.Read(context, SignInJson.Default.SignInBody, out var problem) is not { } body)
            return problem!;
        if (auth.Value.Mode == AuthMode.None)
            return TypedResults.NoContent();
        if (tokens.Find(body.Token) is not { } user)
            return throttle.Failed(context.Connection.RemoteIpAddress) is { } seconds
                ? TooManyAttempts(seconds)
                : Problems.Of(ProblemCodes.InvalidToken);
        cookie.Set(context, user);
        return TypedResults.NoContent();
    }

    private static Task Describe(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (operation.Responses?["204"] is OpenApiResponse signedIn)
        {
            var text = new OpenApiSchema { Type = JsonSchemaType.String };
            signedIn.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Set-Cookie"] = new OpenApiHeader { Description = "The session. None where everybody is let in.", Schema = text },
            };
        }

        return Task.CompletedTask;
    }

    /// <summary>A wrong token, and one too many.</summary>
    public static Problem TooManyAttempts(int seconds) => Problems.Of(
        ProblemCodes.TooManyAttempts,
        $"That token is wrong, as were many from this address before it. Try again with the right one, or in {seconds} s.",
        seconds);

    private static async Task<NoContent> SignOut(HttpContext context, SessionCookie cookie, EndedSessions ended)
    {
        if (cookie.Find(context.Request) is { } session)
            await ended.End(session);
        SessionCookie.Clear(context);
        return TypedResults.NoContent();
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SignInBody))]
internal sealed partial class SignInJson : JsonSerializerContext;
