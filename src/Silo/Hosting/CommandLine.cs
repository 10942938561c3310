namespace CodexOrleans.Silo.Hosting;

/// <summary>Prepares and checks arguments for the configuration system.</summary>
public static class CommandLine
{
    private static readonly string[] _switches = ["--demo", "--migrate"];

    /// <summary>Sections and keys that .NET, ASP.NET Core and Orleans read; all keys below them are known too.</summary>
    private static readonly string[] _frameworks =
    [
        "Logging", "Kestrel", "Orleans", "ConnectionStrings", "urls", "http_ports", "https_ports",
        "environment", "applicationName", "contentRoot", "webroot", "hostBuilder", "shutdownTimeoutSeconds", "detailedErrors",
    ];

    /// <summary>
    /// Gives switches without a value the value true. The configuration system would take the next argument as their value, and ignore a
    /// switch that is last.
    /// </summary>
    public static string[] Expand(IReadOnlyList<string> args)
    {
        var expanded = new string[args.Count];
        for (var i = 0; i < args.Count; i++)
        {
            var isSwitch = _switches.Contains(args[i], StringComparer.OrdinalIgnoreCase);
            var hasValue = i + 1 < args.Count && bool.TryParse(args[i + 1], out _);
            expanded[i] = isSwitch && !hasValue ? args[i] + "=true" : args[i];
        }

        return expanded;
    }

    /// <summary>
    /// Refuses arguments that the configuration system ignores silently: unknown options, options without a value, and arguments that are
    /// not options.
    /// </summary>
    /// <param name="expanded">The arguments, as <see cref="Expand"/> gives them.</param>
    /// <param name="settings">The program's sections, and the classes whose properties are their keys; the root is <c>""</c>.</param>
    /// <exception cref="StartRefusedException">Names the first argument that is refused.</exception>
    public static void Check(IReadOnlyList<string> expanded, IReadOnlyCollection<(string Section, Type Options)> settings)
    {
        for (var i = 0; i < expanded.Count; i++)
        {
            var argument = expanded[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                throw new StartRefusedException(
                    $"'{argument}' is no option: they are written --Name=value or --Name value. The README has them all.");
            }

            var end = argument.IndexOf('=', StringComparison.Ordinal);
            var key = argument[2..(end < 0 ? argument.Length : end)];
            if (!IsKnown(key.Split(':'), settings))
                throw new StartRefusedException($"There is no option --{key}. The README has them all.");
            if (end >= 0)
                continue;
            if (++i == expanded.Count || expanded[i].StartsWith("--", StringComparison.Ordinal))
                throw new StartRefusedException($"The option --{key} needs a value: --{key}=value.");
        }
    }

    private static bool IsKnown(string[] path, IReadOnlyCollection<(string Section, Type Options)> settings)
    {
        if (_frameworks.Contains(path[0], StringComparer.OrdinalIgnoreCase))
            return true;
        if (path[0].StartsWith("OTEL_", StringComparison.OrdinalIgnoreCase))
            return true;
        return settings.Any(own => own.Section.Length == 0
            ? Has(own.Options, path[0])
            : path.Length > 1 && own.Section.Equals(path[0], StringComparison.OrdinalIgnoreCase) && Has(own.Options, path[1]));
    }

    private static bool Has(Type options, string key) =>
        options.GetProperties().Any(property => property.Name.Equals(key, StringComparison.OrdinalIgnoreCase));
}
