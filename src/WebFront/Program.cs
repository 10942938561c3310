using CodexOrleans.Silo;
using CodexOrleans.Silo.Hosting;
using CodexOrleans.WebFront.Access;
using CodexOrleans.WebFront.Api;
using CodexOrleans.WebFront.Events;
using CodexOrleans.WebFront.Feed;
using CodexOrleans.WebFront.Health;
using CodexOrleans.WebFront.Hosting;
using CodexOrleans.WebFront.Page;
using CodexOrleans.WebFront.Reference;
using CodexOrleans.WebFront.Requests;
using CodexOrleans.WebFront.Threads;
using CodexOrleans.WebFront.Turns;

namespace CodexOrleans.WebFront;

/// <summary>The server's table of contents: what it is made of, in order.</summary>
public static class Program
{
    public static Task<int> Main(string[] args) => StartFailure.Report(async () =>
    {
        var builder = Compose(args);
        await using var app = builder.IsToMigrate() ? builder.Build() : Build(builder);
        await (builder.IsToMigrate() ? app.Migrate() : app.RunToEnd());
    });

    /// <summary>The whole server, not started yet.</summary>
    /// <param name="configure">Changes to the services, for a host that brings some of its own.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = Compose(args);
        configure?.Invoke(builder);
        return Build(builder);
    }

    private static WebApplicationBuilder Compose(string[] args)
    {
        var builder = ServerHost.CreateBuilder(args);
        builder.AddDemo();
        builder.AddTelemetry();
        builder.AddServerOptions();
        builder.AddProblems();
        builder.Services.AddJsonRequests();
        builder.AddAccess();
        builder.AddHealth();
        builder.AddApiReference();
        builder.Services.AddFeed().AddTurns().AddEvents();
        builder.UseCodexSilo();
        builder.AddDashboard();
        builder.AddWarmUp();
        builder.Services.AddHostedService<IdleMemory>();
        builder.AddStartBanner();
        return builder;
    }

    private static WebApplication Build(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.UseProblems();
        app.UseSecurityHeaders();
        app.UseRequestHeadLimits();
        app.UseRequestOriginChecks();
        app.UsePage();
        app.UseRouting();
        app.UseAccess();
        app.UseJsonRequests();

        var readable = app.MapGroup("").WithHead();
        app.MapSignIn();
        readable.MapTurns();
        readable.MapThreads();
        readable.MapEvents();
        readable.MapHealth();
        app.MapDemo();
        readable.MapApiReference();
        app.MapAdminPages();
        return app;
    }
}
