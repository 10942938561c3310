using CodexOrleans.Codex;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CodexOrleans.Silo.Hosting;

/// <summary>Configuration sources and logging that all server programs share.</summary>
public static class ServerDefaults
{
    private static readonly Dictionary<string, string?> _logging = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Orleans"] = "Warning",
        ["Logging:LogLevel:System"] = "Warning",
        ["Logging:LogLevel:Polly"] = "Warning",
        // These two log advice for dedicated machines (server GC) and warnings about a machine under load.
        ["Logging:LogLevel:Orleans.Runtime.Silo"] = "Error",
        ["Logging:LogLevel:Orleans.Runtime.Watchdog"] = "Error",
        // StartFailure reports a failed start once, without a stack trace. Faults of background services are logged as Critical.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = "Critical",
    };

    // Watching the configuration files costs CPU for each write in their folder, and no setting changes at run time.
    private const string WithoutWatching = "--hostBuilder:reloadConfigOnChange=false";

    private static readonly (string Section, Type Options)[] _settings =
    [
        ("", typeof(ProgramOptions)),
        (CodexClusterOptions.Section, typeof(CodexClusterOptions)),
        (StorageOptions.Section, typeof(StorageOptions)),
        (CodexOptions.Section, typeof(CodexOptions)),
        (ThreadWorkspaceOptions.Section, typeof(ThreadWorkspaceOptions)),
        (WorkspaceOptions.Section, typeof(WorkspaceOptions)),
        ("Dashboard", typeof(DashboardSetting)),
    ];

    /// <summary>The program's own folder, which has the page and appsettings.json, whatever the working directory.</summary>
    public static string ContentRoot => AppContext.BaseDirectory;

    /// <summary>The command line as a host builder takes it.</summary>
    /// <param name="own">Sections and options classes of the program itself, beside those of every silo.</param>
    /// <exception cref="StartRefusedException">It has an unknown option, or an argument that is not an option.</exception>
    public static string[] Arguments(IReadOnlyList<string> args, params IReadOnlyCollection<(string Section, Type Options)> own)
    {
        var expanded = CommandLine.Expand(args);
        CommandLine.Check(expanded, [.. _settings, .. own]);
        return [WithoutWatching, .. expanded];
    }

    /// <summary>
    /// Adds the logging, and defaults below every other source, so that appsettings, environment and command line all win.
    /// </summary>
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

    /// <summary>Keys at the root that are read one by one.</summary>
    private sealed record ProgramOptions(string DataDirectory, bool Migrate);

    private sealed record DashboardSetting(bool Enabled);
}
