using System.Globalization;
using System.Text.RegularExpressions;
using CodexOrleans.TestSupport;

namespace CodexOrleans.EndToEnd.Fuzz;

/// <summary>The table of <c>docs/api.md</c> that says which codes come with which status.</summary>
public static partial class ErrorTable
{
    private static readonly HashSet<(int Status, string Code)> _rows =
        [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "api.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(columns => columns.Length == 4 && columns[1].Split(", ").All(status => int.TryParse(status, out _)))
            .SelectMany(columns => columns[1].Split(", ").SelectMany(status =>
                Code().Matches(columns[2]).Select(match => (int.Parse(status, CultureInfo.InvariantCulture), match.Groups[1].Value))))];

    public static bool Has(int status, string? code) => code is not null && _rows.Contains((status, code));

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Code();
}
