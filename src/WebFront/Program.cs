using CodexOrleans.Silo;

namespace CodexOrleans.WebFront;

/// <summary>The server's table of contents: what it is made of, in order.</summary>
public static class Program
{
    public static Task<int> Main(string[] args) => StartFailure.Report(async () =>
    {
        await using var app = Build(args);
        await ServerHost.Run(app);
    });

    /// <summary>The whole server, not started yet.</summary>
    /// <param name="configure">Changes to the services, for a host that brings some of its own.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = ServerHost.CreateBuilder(args);
        builder.AddDemo();
        builder.AddTelemetry();
        builder.AddServerOptions();
        builder.AddProblems();
        builder.AddJsonRequests();
        builder.AddAccess();
        builder.AddWorkspaceRoots();
        builder.AddHealth();
        builder.AddApiReference();
        builder.Services.AddRelay();
        builder.UseCodexSilo();
        builder.AddDashboard();
        builder.AddWarmUp();
        builder.AddStartBanner();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseProblems();
        app.UseSecurityHeaders();
        app.UseRequestOriginChecks();
        app.UsePage();
        app.UseRouting();
        app.UseAccess();
        app.UseJsonRequests();

        app.MapSignIn();
        app.MapRelay();
        app.MapHealth();
        app.MapDemo();
        app.MapApiReference();
        app.MapAdminPages();
        return app;
    }
}
