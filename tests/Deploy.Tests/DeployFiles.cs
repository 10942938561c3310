using System.Text.RegularExpressions;
using CodexOrleans.TestSupport;

namespace CodexOrleans.Deploy.Tests;

/// <summary>The folder <c>deploy</c> of the checkout, and what its files have in common.</summary>
internal static partial class DeployFiles
{
    private static readonly CodexOptions _defaults = new();

    public static string Root => Path.Combine(Repository.Root, "deploy");

    /// <summary>What a stop may take beside <c>Codex:DrainTimeout</c>.</summary>
    public static TimeSpan BesideTheDrain => _defaults.ShutdownLimit - _defaults.DrainTimeout;

    public static TimeSpan DefaultDrain => _defaults.DrainTimeout;

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>All settings that a text makes by environment, as the manual writes them: <c>Cluster:Mode</c>.</summary>
    public static IEnumerable<string> Settings(string text) => Setting().Matches(text).Select(match => match.Value.Replace("__", ":", StringComparison.Ordinal)).Distinct();

    /// <summary>Whether the README's table of settings has this one; of a list it has the name without index.</summary>
    public static bool IsDocumented(string setting) =>
        File.ReadAllText(Path.Combine(Repository.Root, "README.md")).Contains($"`{Index().Replace(setting, "")}`", StringComparison.Ordinal);

    [GeneratedRegex(@"\b[A-Z][A-Za-z]+__[A-Za-z0-9_]+")]
    private static partial Regex Setting();

    [GeneratedRegex(@":\d+$")]
    private static partial Regex Index();
}
