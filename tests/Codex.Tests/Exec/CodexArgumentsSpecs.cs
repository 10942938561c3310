using CodexOrleans.Codex.Exec;
using CodexOrleans.Codex.Processes;

namespace CodexOrleans.Codex.Tests.Exec;

public sealed class CodexArgumentsSpecs
{
    private static readonly TurnSpec _start = new() { TurnId = Guid.Empty, Prompt = "--help", Options = new ThreadOptions() };

    /// <summary>What every run gets for the environment of commands; the specs of the real CLI say what it does.</summary>
    private const string Policy = "--config=shell_environment_policy.";

    private static IReadOnlyList<string> Build(ThreadOptions? options = null, string? resume = null, Dictionary<string, string>? overrides = null, string? schema = null, string[]? images = null) =>
        [.. All(options, resume, overrides, schema, images).Where(a => !a.StartsWith(Policy, StringComparison.Ordinal))];

    private static IReadOnlyList<string> All(
        ThreadOptions? options = null,
        string? resume = null,
        Dictionary<string, string>? overrides = null,
        string? schema = null,
        string[]? images = null)
    {
        var configured = new CodexOptions();
        foreach (var (key, value) in overrides ?? [])
            configured.ConfigOverrides[key] = value;
        return CodexArguments.Build(
            _start with { Options = options ?? new ThreadOptions() },
            new CodexAccount(configured, new ProcessTag("installation", "boot")),
            resume,
            schema,
            images ?? []);
    }

    [Fact]
    public void A_plain_turn_reads_its_prompt_from_stdin_and_never_waits_for_the_network_for_ever()
    {
        Assert.Equal(["exec", "--json", "--disable=unbounded_connection_retries", "--config=tools.update_plan.enabled=true", "-"], Build());
    }

    [Fact]
    public void Every_option_becomes_its_flag()
    {
        var arguments = Build(
            new ThreadOptions
            {
                Model = "m",
                Sandbox = SandboxMode.DangerFullAccess,
                WorkingDirectory = "/w",
                SkipGitRepoCheck = true,
                ModelReasoningEffort = "high",
                NetworkAccessEnabled = false,
                WebSearch = WebSearchMode.Live,
                AdditionalDirectories = ["/a", "/b"],
            },
            schema: "/s.json",
            images: ["/i.png", "/j.png"]);

        Assert.Equal(
            [
                "--model=m", "--sandbox=danger-full-access", "--cd=/w", "--add-dir=/a", "--add-dir=/b", "--skip-git-repo-check",
                "--config=model_reasoning_effort=\"high\"", "--config=sandbox_workspace_write.network_access=false", "--config=web_search=\"live\"",
                "--output-schema=/s.json", "--image=/i.png", "--image=/j.png", "-",
            ],
            arguments.Skip(4));
    }

    [Theory]
    [InlineData(SandboxMode.ReadOnly, "--sandbox=read-only")]
    [InlineData(SandboxMode.WorkspaceWrite, "--sandbox=workspace-write")]
    public void Sandbox_modes_have_the_CLIs_names(SandboxMode mode, string argument)
    {
        Assert.Contains(argument, Build(new ThreadOptions { Sandbox = mode }));
    }

    [Theory]
    [InlineData(WebSearchMode.Disabled, "--config=web_search=\"disabled\"")]
    [InlineData(WebSearchMode.Cached, "--config=web_search=\"cached\"")]
    public void Web_search_modes_have_the_CLIs_names(WebSearchMode mode, string argument)
    {
        Assert.Contains(argument, Build(new ThreadOptions { WebSearch = mode }));
    }

    [Fact]
    public void Options_stand_before_the_subcommand()
    {
        Assert.Equal(["--sandbox=read-only", "--image=/i.png", "resume", "01a20000-0000-7000-8000-000000000001", "-"], Build(new ThreadOptions { Sandbox = SandboxMode.ReadOnly }, resume: "01a20000-0000-7000-8000-000000000001", images: ["/i.png"]).Skip(4));
    }

    [Fact]
    public void A_value_that_looks_like_an_option_stays_a_value()
    {
        Assert.Contains("--model=--dangerously-bypass-approvals-and-sandbox", Build(new ThreadOptions { Model = "--dangerously-bypass-approvals-and-sandbox" }));
    }

    [Fact]
    public void Text_is_quoted_so_that_it_cannot_leave_its_TOML_string()
    {
        Assert.Contains("--config=model_reasoning_effort=\"a\\\"b\\\\c\\u000Ad\"", Build(new ThreadOptions { ModelReasoningEffort = "a\"b\\c\nd" }));
    }

    [Fact]
    public void The_operators_overrides_come_after_the_callers_values_so_that_they_win()
    {
        var arguments = Build(new ThreadOptions { WebSearch = WebSearchMode.Live }, overrides: new() { ["web_search"] = "\"disabled\"" }).ToList();

        Assert.True(arguments.IndexOf("--config=web_search=\"disabled\"") > arguments.IndexOf("--config=web_search=\"live\""));
    }

    [Fact]
    public void The_operators_overrides_cannot_undo_what_commands_see_and_are_known_by()
    {
        var arguments = All(overrides: new() { ["shell_environment_policy"] = "{inherit=\"all\"}" }).ToList();
        var overridden = arguments.IndexOf($"{Policy.TrimEnd('.')}={{inherit=\"all\"}}");

        string[] last =
        [
            $"{Policy}set.{ProcessTag.HostVariable}=\"installation.boot\"", $"{Policy}set.{ProcessTag.TurnVariable}=\"{Guid.Empty}\"",
            $"{Policy}include_only=[",
        ];
        Assert.True(overridden >= 0);
        Assert.All(last, l => Assert.True(arguments.FindIndex(a => a.StartsWith(l, StringComparison.Ordinal)) > overridden, l));
    }
}
