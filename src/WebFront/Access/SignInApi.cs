using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront;

/// <summary>Body of <c>POST /api/codex/sign-in</c>.</summary>
/// <param name="Token">The server's token, or that of a user.</param>
public sealed record SignInRequest(string Token);

/// <summary>How a browser gets and loses its session.</summary>
internal static class SignInApi
{
    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", FollowLink).AllowAnonymous().ExcludeFromDescription();
        var api = routes.MapGroup("/api/codex").WithTags("Access").AllowAnonymous();
        api.MapPost("/sign-in", SignIn)
            .WithMetadata(new BodyLimit(BodyLimit.OfStrangers))
            .WithName("SignIn").WithSummary("Exchange the token for a session cookie")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status429TooManyRequests);
        api.MapPost("/sign-out", SignOut)
            .WithName("SignOut").WithSummary("Make this browser forget its session")
            .Produces(StatusCodes.Status204NoContent);
    }

    /// <summary>The one-time link. A GET with an effect, which its single use and the random ticket make harmless.</summary>
    private static IResult FollowLink(string? ticket, HttpContext context, SignInTickets tickets, SessionCookie cookie, IOptions<AuthOptions> auth)
    {
        if (auth.Value.Mode == AuthMode.Token && cookie.Find(context.Request) is null)
        {
            if (ticket is null || !tickets.Redeem(ticket))
                return SignInPage.LinkExpired;
            cookie.Set(context, User.Operator);
        }

        context.Response.Headers.Location = "/";
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static IResult SignIn(
        SignInRequest request, HttpContext context, UserTokens tokens, SessionCookie cookie, SignInThrottle throttle, IOptions<AuthOptions> auth)
    {
        if (auth.Value.Mode == AuthMode.None)
            return TypedResults.NoContent();
        var address = context.Connection.RemoteIpAddress;
        if (throttle.Wait(address) is { } seconds)
            return Problems.Of(ProblemCodes.TooManyAttempts, $"Too many wrong tokens from this address. Try again in {seconds} s.", seconds);
        if (tokens.Find(request.Token) is not { } user)
        {
            throttle.Failed(address);
            return Problems.Of(ProblemCodes.InvalidToken);
        }

        cookie.Set(context, user);
        return TypedResults.NoContent();
    }

    private static NoContent SignOut(HttpContext context)
    {
        SessionCookie.Clear(context);
        return TypedResults.NoContent();
    }
}

[JsonSerializable(typeof(SignInRequest))]
internal sealed partial class SignInJson : JsonSerializerContext;
