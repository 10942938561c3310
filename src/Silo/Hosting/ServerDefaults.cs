using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Silo.Hosting;

/// <summary>What the programs have in common before they differ: where configuration comes from, and how they log.</summary>
public static class ServerDefaults
{
    private static readonly Dictionary<string, string?> _logging = new()
    {
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

    /// <summary>A program finds its page and settings beside itself, wherever it is started from.</summary>
    public static string ContentRoot => AppContext.BaseDirectory;

    /// <summary>The command line as a host builder takes it.</summary>
    // Watching the configuration files costs CPU for every write near them, and nothing here changes at run time.
    public static string[] Arguments(IReadOnlyList<string> args) => ["--hostBuilder:reloadConfigOnChange=false", .. CommandLine.Expand(args)];

    /// <summary>Adds the logging, and defaults below every other source, so that appsettings, environment and command line all win.</summary>
    /// <param name="own">The program's own defaults: configuration keys and values.</param>
    public static void AddServerDefaults(this IHostApplicationBuilder builder, params ReadOnlySpan<(string Key, string Value)> own)
    {
        var defaults = new Dictionary<string, string?>(_logging);
        foreach (var (key, value) in own)
            defaults[key] = value;
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = defaults });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });
    }
}
