using System.Text;
using CodexOrleans.Codex.Accounts;
using CodexOrleans.Codex.Engines;
using CodexOrleans.Codex.Processes;

namespace CodexOrleans.Codex.Exec;

/// <summary>
/// The CLI's argument list for one turn. Values stand in one argument with their option (<c>--model=x</c>), so that none, however it
/// begins, is taken for an option, and <c>--image</c> does not swallow what follows it. Options stand before the subcommand:
/// <c>resume</c> knows only some of them.
/// </summary>
internal static class CodexArguments
{
    public static IReadOnlyList<string> Build(
        TurnSpec turn,
        CodexAccount account,
        string? resume,
        string? outputSchemaFile,
        IReadOnlyList<string> images)
    {
        var options = turn.Options;
        List<string> arguments = ["exec", "--json"];

        void Option(string name, string? value)
        {
            if (value is not null)
                arguments.Add($"{name}={value}");
        }

        void Config(string key, string? toml) => Option("--config", toml is null ? null : $"{key}={toml}");

        // Without this the CLI waits for ever when the network is lost.
        Option("--disable", "unbounded_connection_retries");
        // The to-do list is off by default in 0.169.
        Config("tools.update_plan.enabled", "true");
        Option("--model", options.Model);
        Option("--sandbox", options.Sandbox switch
        {
            null => null,
            SandboxMode.ReadOnly => "read-only",
            SandboxMode.WorkspaceWrite => "workspace-write",
            SandboxMode.DangerFullAccess => "danger-full-access",
            _ => throw new ArgumentOutOfRangeException(nameof(turn), options.Sandbox, "Unknown sandbox mode."),
        });
        Option("--cd", options.WorkingDirectory);
        foreach (var folder in options.AdditionalDirectories ?? [])
            Option("--add-dir", folder);
        if (options.SkipGitRepoCheck == true)
            arguments.Add("--skip-git-repo-check");
        Config("model_reasoning_effort", Toml(options.ModelReasoningEffort));
        Config("sandbox_workspace_write.network_access", options.NetworkAccessEnabled switch
        {
            null => null,
            true => "true",
            false => "false",
        });
        Config("web_search", options.WebSearch switch
        {
            null => null,
            WebSearchMode.Disabled => Toml("disabled"),
            WebSearchMode.Cached => Toml("cached"),
            WebSearchMode.Live => Toml("live"),
            _ => throw new ArgumentOutOfRangeException(nameof(turn), options.WebSearch, "Unknown web search mode."),
        });
        Config("shell_environment_policy.inherit", Toml("all"));
        // The operator's overrides come after the caller's options, because the last value of a key wins.
        foreach (var (key, toml) in account.ConfigOverrides)
            Config(key, toml);
        // By default the CLI gives commands its whole environment, so it is told which names they may see. The CLI applies this list last,
        // so it holds for variables of the operator's configuration too. The tags are set because that configuration may exclude them.
        Config($"shell_environment_policy.set.{ProcessTag.HostVariable}", Toml(account.Environment.Host.Value));
        Config($"shell_environment_policy.set.{ProcessTag.TurnVariable}", Toml(turn.TurnId.ToString()));
        Config("shell_environment_policy.include_only", $"[{string.Join(',', account.Environment.CommandVariables.Select(Toml))}]");
        Option("--output-schema", outputSchemaFile);
        foreach (var image in images)
            Option("--image", image);
        if (resume is not null)
            arguments.AddRange(["resume", resume]);
        // The prompt is passed by stdin, because it may be long, begin with a dash, or be the name of a subcommand.
        arguments.Add("-");
        return arguments;
    }

    /// <summary>A TOML basic string.</summary>
    private static string? Toml(string? text)
    {
        if (text is null)
            return null;
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c))
                quoted.Append($"\\u{(int)c:X4}");
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }
}
