using System.Security.Claims;
using CodexOrleans.WebFront.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>
/// Knows a caller by <c>Authorization: Bearer</c> or by the session cookie; by nothing in the URL, which ends up in histories and
/// logs. Says nothing about why it did not: a stranger learns no more than 401.
/// </summary>
internal sealed class TokenAuthentication(IOptions<AuthOptions> auth, UserTokens tokens, SessionCookie cookie, TokenThrottle throttle)
    : IAuthenticationHandler
{
    public const string SchemeName = "token";

    private const string BearerPrefix = "Bearer ";

    private HttpContext _context = null!;

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        _context = context;
        return Task.CompletedTask;
    }

    public Task<AuthenticateResult> AuthenticateAsync() =>
        Task.FromResult(Find(_context.Request) is { } user ? AuthenticateResult.Success(Ticket(user)) : AuthenticateResult.NoResult());

    public Task ChallengeAsync(AuthenticationProperties? properties)
    {
        // Only who sent something is counted: a request without anything is how a page finds out that nobody is signed in.
        if (_context.Request.Headers.Authorization.Count > 0 && throttle.Failed(_context.Connection.RemoteIpAddress) is { } seconds)
            return SignInApi.TooManyAttempts(seconds).ExecuteAsync(_context);
        _context.Response.Headers.WWWAuthenticate = "Bearer realm=\"codex-orleans\"";
        return Problems.Of(ProblemCodes.Unauthorized).ExecuteAsync(_context);
    }

    public Task ForbidAsync(AuthenticationProperties? properties) => Problems.Of(ProblemCodes.Forbidden).ExecuteAsync(_context);

    private User? Find(HttpRequest request)
    {
        if (auth.Value.Mode == AuthMode.None)
            return User.Operator;
        // A request with a token is judged by the token alone: a cookie does not make a wrong one good.
        if (request.Headers.Authorization is [{ } header])
            return header.StartsWith(BearerPrefix, StringComparison.OrdinalIgnoreCase)
                ? tokens.Find(header[BearerPrefix.Length..].Trim())
                : null;
        if (request.Headers.Authorization.Count > 0 || cookie.Find(request) is not { } session)
            return null;
        _context.Features.Set(session);
        return session.User;
    }

    private static AuthenticationTicket Ticket(User user)
    {
        var identity = new ClaimsIdentity([new(ClaimTypes.NameIdentifier, user.Name), new(ClaimTypes.Name, user.Name)], SchemeName);
        if (user.IsAdmin)
            identity.AddClaim(new Claim(ClaimTypes.Role, User.AdminRole));
        return new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName);
    }
}
