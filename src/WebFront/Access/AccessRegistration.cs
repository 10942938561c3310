using CodexOrleans.Silo;
using CodexOrleans.Storage.Data;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace CodexOrleans.WebFront.Access;

/// <summary>Nobody gets in by default: what does not say otherwise requires the token or a session.</summary>
internal static class AccessRegistration
{
    /// <summary>Policy of the administration pages.</summary>
    public const string AdminPolicy = "Admin";

    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddSingleton<IValidateOptions<AuthOptions>>(provider =>
            new SharedToken(provider.GetRequiredService<IOptions<CodexClusterOptions>>(), provider.GetRequiredService<DataDirectory>));
        services.AddSingleton<UserTokens>();
        services.AddSingleton<EndedSessions>();
        services.AddHostedService(provider => provider.GetRequiredService<EndedSessions>());
        services.AddSingleton<Sessions>();
        services.AddSingleton<SessionCookie>();
        services.AddSingleton<SignInTickets>();
        services.AddSingleton<TokenThrottle>();

        // The core only: the rest brings DataProtection, which would write key files that nothing here uses.
        services.AddAuthenticationCore(
            schemes => schemes.AddScheme<TokenAuthentication>(TokenAuthentication.SchemeName, displayName: null));
        services.AddTransient<TokenAuthentication>();
        services.AddAuthorizationBuilder()
            .AddPolicy(AdminPolicy, policy => policy.RequireAuthenticatedUser().RequireRole(User.AdminRole))
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());

        // Registered after Kestrel's own, and therefore the one it uses.
        services.AddSingleton<IConnectionListenerFactory>(provider =>
            ActivatorUtilities.CreateInstance<LoopbackGuard>(
                provider, ActivatorUtilities.CreateInstance<SocketTransportFactory>(provider)));
    }

    public static void UseAccess(this WebApplication app)
    {
        // Made or read now: a token that cannot be had is a start that fails, not a first request.
        app.Services.GetRequiredService<UserTokens>();
        app.UseAuthentication();
        app.UseAuthorization();
        var ended = app.Services.GetRequiredService<EndedSessions>();
        app.Use((context, next) =>
            context.Features.Get<BrowserSession>() is { } session ? ended.Attend(context, session, next) : next(context));
    }
}
