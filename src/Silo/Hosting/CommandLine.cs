namespace CodexOrleans.Silo.Hosting;

/// <summary>Arguments as the configuration system wants them.</summary>
public static class CommandLine
{
    private static readonly string[] _switches = ["--demo", "--migrate"];

    /// <summary>
    /// Gives switches without a value the value true. The configuration system takes the next argument for their value, and drops
    /// a switch that comes last.
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
}
