using System.Text.RegularExpressions;

namespace CodexOrleans.DemoModel.Exchanges;

/// <summary>
/// The script a prompt asks for: <c>SCENARIO:name KEY=value …</c> anywhere in it. A value ends at the next space, but for
/// <c>CMD</c> and <c>ARGS</c>, which take the rest of their line. A prompt without it gets the demo session.
/// </summary>
internal sealed partial record ScenarioLine(string? Name, string Prompt)
{
    public static ScenarioLine Parse(string prompt)
    {
        var match = NamePattern().Match(prompt);
        return new ScenarioLine(match.Success ? match.Groups[1].Value : null, prompt);
    }

    public string Word(string key, string otherwise) => Value(key, @"(\S+)") ?? otherwise;

    public string RestOfLine(string key, string otherwise) => Value(key, "([^\n]+)")?.Trim() ?? otherwise;

    public int Number(string key, int otherwise) => Value(key, @"(\d+)") is { } digits ? int.Parse(digits) : otherwise;

    private string? Value(string key, string pattern)
    {
        var match = Regex.Match(Prompt, $@"\b{key}[=:]{pattern}");
        return match.Success ? match.Groups[1].Value : null;
    }

    [GeneratedRegex(@"SCENARIO:([\w-]+)")]
    private static partial Regex NamePattern();
}
