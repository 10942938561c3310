using Microsoft.Extensions.Configuration.Memory;

namespace CodexOrleans.WebFront;

/// <summary>The bare host: where configuration comes from, where it listens, how it logs.</summary>
internal static class ServerHost
{
    // Below every other source, so that appsettings, environment and command line all win.
    private static readonly Dictionary<string, string?> _defaults = new()
    {
        ["urls"] = "http://127.0.0.1:8000",
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Orleans"] = "Warning",
        ["Logging:LogLevel:System"] = "Warning",
        ["Logging:LogLevel:Polly"] = "Warning",
        // Advice for servers that are alone on their machine (server GC), and complaints about a machine under load.
        ["Logging:LogLevel:Orleans.Runtime.Silo"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.Watchdog"] = "Error",
        // A failed start is told once, by StartFailure, without a stack trace. Faults of background work are Critical here.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
    };

    /// <summary>Runs until a signal or a fault ends it.</summary>
    public static async Task Run(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // A signal came before the start was over.
            await StopWhatStarted(app);
            return;
        }
        catch
        {
            // What has started already, such as the silo, is to stop in order and not to lose its services under its feet.
            await StopWhatStarted(app);
            throw;
        }

        await app.WaitForShutdownAsync();
    }

    public static WebApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Watching the configuration files costs CPU for every write near them, and nothing here changes at run time.
            Args = ["--hostBuilder:reloadConfigOnChange=false", .. CommandLine.Expand(args)],
            // The server finds its page and settings beside itself, wherever it is started from.
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = _defaults });
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });
        return builder;
    }

    private static async Task StopWhatStarted(WebApplication app)
    {
        try
        {
            await app.StopAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Parts that never started may not be able to stop. The start's own failure is what the operator has to know.
        }
    }
}
