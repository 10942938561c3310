using CodexOrleans.Codex;
using CodexOrleans.Grains.Workspaces;
using CodexOrleans.Storage;
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

    // Watching the configuration files costs CPU for every write near them, and nothing here changes at run time.
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

    /// <summary>A program finds its page and settings beside itself, wherever it is started from.</summary>
    public static string ContentRoot => AppContext.BaseDirectory;

    /// <summary>The command line as a host builder takes it.</summary>
    /// <param name="own">Sections and options classes of the program itself, beside those of every silo.</param>
    /// <exception cref="StartRefusedException">It has an option that nobody reads, or something that is none.</exception>
    public static string[] Arguments(IReadOnlyList<string> args, params IReadOnlyCollection<(string Section, Type Options)> own)
    {
        var expanded = CommandLine.Expand(args);
        CommandLine.Check(expanded, [.. _settings, .. own]);
        return [WithoutWatching, .. expanded];
    }

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

    /// <summary>Keys at the root that are read one by one.</summary>
    private sealed record ProgramOptions(string DataDirectory, bool Migrate);

    private sealed record DashboardSetting(bool Enabled);
}
