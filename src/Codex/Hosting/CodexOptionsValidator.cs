using CodexOrleans.Codex.Accounts;
using Microsoft.Extensions.Options;

namespace CodexOrleans.Codex.Hosting;

/// <summary>Checks the options when the server starts and names all problems at once.</summary>
internal sealed class CodexOptionsValidator : IValidateOptions<CodexOptions>
{
    public ValidateOptionsResult Validate(string? name, CodexOptions options)
    {
        var problems = new List<string>();

        void Require(bool holds, string problem)
        {
            if (!holds)
                problems.Add(problem);
        }

        Require(options.TurnTimeout > TimeSpan.Zero, "Codex:TurnTimeout must be longer than zero.");
        Require(options.TurnTimeout <= TimeSpan.FromDays(30), "Codex:TurnTimeout must be at most 30 days.");
        Require(
            options.StopGrace >= TimeSpan.Zero && options.StopGrace <= TimeSpan.FromMinutes(5),
            "Codex:StopGrace must be between zero and 5 minutes.");
        Require(
            options.DrainTimeout >= TimeSpan.Zero && options.DrainTimeout <= TimeSpan.FromHours(1),
            "Codex:DrainTimeout must be between zero and one hour.");
        Require(options.MaxConcurrentTurns is >= 0 and <= 100_000, "Codex:MaxConcurrentTurns must be between 0 and 100000.");
        Require(
            options.MaxQueueWait >= TimeSpan.Zero && options.MaxQueueWait <= TimeSpan.FromHours(1),
            "Codex:MaxQueueWait must be between zero and one hour.");
        Require(options.MaxQueueLength is >= 0 and <= 1_000_000, "Codex:MaxQueueLength must be between 0 and 1000000.");
        Require(
            options.ExecutablePath is not { Length: > 0 } path || Path.GetFileName(path) == path || File.Exists(path),
            $"Codex:ExecutablePath: there is no file '{options.ExecutablePath}'.");
        Require(
            options.ConfigOverrides.Keys.All(k => k.Length > 0 && !k.Contains('=', StringComparison.Ordinal)),
            "Codex:ConfigOverrides: a key is empty or holds '='.");
        Require(
            !NamesCommandVariables(options.ConfigOverrides),
            "Codex:ConfigOverrides: shell_environment_policy.include_only is the server's own; "
            + "name what commands see in Codex:PassToCommands.");
        Require(
            options.PassToCommands.All(n => IsVariableName(n) && n.AsSpan().IndexOfAny("*?[]") < 0),
            "Codex:PassToCommands: a name is empty, is a pattern, or holds '=' or a null character.");
        Require(options.Environment.Keys.All(IsVariableName), "Codex:Environment: a name is empty or holds '=' or a null character.");
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    /// <summary>
    /// Whether the overrides replace the list of variables that commands see, which hides secrets and passes the process tags.
    /// </summary>
    private static bool NamesCommandVariables(IReadOnlyDictionary<string, string> overrides)
    {
        var configuration = new CliConfiguration();
        configuration.Add(overrides);
        return configuration.Find("shell_environment_policy", "include_only") is not null;
    }

    private static bool IsVariableName(string name) =>
        name.Length > 0 && !name.Contains('=', StringComparison.Ordinal) && !name.Contains('\0', StringComparison.Ordinal);
}
